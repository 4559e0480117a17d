/** nvfp4's global scale multiplied into the E4M3 scales, for layouts that have none. */
import { decodeE2M1, e2m1Magnitudes, encodeE2M1 } from '../codecs/e2m1.js'
import { decodeE4M3, encodeE4M3 } from '../codecs/e4m3.js'
import { failLayout } from '../errors.js'
import type { Steps } from '../long-work.js'
import type { Fp4Rows } from './rows.js'

/**
 * Rows with global scales of 1 and the same values, where E4M3 holds every scale * global scale; with `requantize`, the nearest such
 * rows otherwise: of the two E4M3 numbers around scale * global scale, a group takes the one that gives the smaller squared error.
 * `sqnrDb` compares with the rows that went in.
 * @throws LayoutError when it is not exact and `requantize` is false.
 */
export function* foldGlobalScale(
  rows: Fp4Rows,
  requantize: boolean,
  op: string,
): Steps<{ rows: Fp4Rows; sqnrDb: number }> {
  if (rows.format === 'mxfp4' || rows.globalScales.every((scale) => scale === 1)) return { rows, sqnrDb: Infinity }
  const { experts, n, k } = rows
  const codes = rows.codes.slice()
  const scales = new Uint8Array(rows.scales.length)
  const groups = k / 16
  let signal = 0
  let noise = 0
  for (let expert = 0; expert < experts; expert++) {
    const globalScale = rows.globalScales[expert]
    const table = new Map<number, Replacement[]>()
    for (let row = expert * n; row < (expert + 1) * n; row++) {
      for (let group = row * groups; group < (row + 1) * groups; group++) {
        const code = rows.scales[group]
        const known = table.get(code) ?? replacementsOf(code, globalScale)
        table.set(code, known)
        if (!known[0].exact && !requantize) failFold(code, globalScale, expert, op)
        const best = cheapest(known, codes, group * 8)
        scales[group] = best.code
        noise += errorOf(best, codes, group * 8)
        signal += squaresOf(codes, group * 8, decodeE4M3(code) * globalScale)
        if (!best.exact) for (let i = group * 8; i < group * 8 + 8; i++) codes[i] = best.bytes[codes[i]]
      }
      if (row % 64 === 63) yield { done: row + 1, total: experts * n }
    }
  }
  const folded: Fp4Rows = { ...rows, codes, scales, globalScales: new Float32Array(experts).fill(1) }
  return { rows: folded, sqnrDb: noise === 0 ? Infinity : 10 * Math.log10(signal / noise) }
}

/** A scale code that may take another's place: what becomes of the 256 pairs of codes, and their squared error. */
interface Replacement {
  readonly code: number
  readonly exact: boolean
  readonly bytes: Uint8Array
  readonly errors: Float64Array
}

function replacementsOf(code: number, globalScale: number): Replacement[] {
  const wanted = decodeE4M3(code) * globalScale // exact in float64: 4 bits times 24
  const nearest = encodeE4M3(wanted)
  if (decodeE4M3(nearest) === wanted) return [replacement(nearest, wanted)]
  const magnitude = nearest & 0x7f
  const sign = nearest & 0x80
  const candidates = [magnitude - 1, magnitude, magnitude + 1].filter((m) => m >= 0 && m <= 0x7e)
  return candidates.map((m) => replacement(m | sign, wanted))
}

function replacement(code: number, wanted: number): Replacement {
  const scale = decodeE4M3(code)
  const nibbles = Array.from({ length: 16 }, (_, old) => {
    const value = decodeE2M1(old) * wanted
    // A scale of 0 keeps the signs of the codes, and nothing else.
    const fresh = scale === 0 ? old & 8 : encodeE2M1(value / scale)
    return { fresh, error: (decodeE2M1(fresh) * scale - value) ** 2 }
  })
  const bytes = Uint8Array.from({ length: 256 }, (_, b) => nibbles[b & 15].fresh | (nibbles[b >> 4].fresh << 4))
  const errors = Float64Array.from({ length: 256 }, (_, b) => nibbles[b & 15].error + nibbles[b >> 4].error)
  return { code, exact: scale === wanted, bytes, errors }
}

function cheapest(candidates: readonly Replacement[], codes: Uint8Array, at: number): Replacement {
  let best = candidates[0]
  let least = Infinity
  for (const candidate of candidates) {
    const error = errorOf(candidate, codes, at)
    if (error < least) {
      least = error
      best = candidate
    }
  }
  return best
}

function errorOf({ errors }: Replacement, codes: Uint8Array, at: number): number {
  let sum = 0
  for (let i = at; i < at + 8; i++) sum += errors[codes[i]]
  return sum
}

function squaresOf(codes: Uint8Array, at: number, scale: number): number {
  let sum = 0
  for (let i = at; i < at + 8; i++) sum += e2m1Magnitudes[codes[i] & 7] ** 2 + e2m1Magnitudes[(codes[i] >> 4) & 7] ** 2
  return sum * scale * scale
}

function failFold(code: number, globalScale: number, expert: number, op: string): never {
  const wanted = decodeE4M3(code) * globalScale
  failLayout(
    op,
    'a global scale that multiplies into the E4M3 scales exactly (1, or a power of two that fits)',
    `${globalScale} (expert ${expert}): ${decodeE4M3(code)} * ${globalScale} = ${wanted} is no E4M3 number`,
    "Pass globalScale: 'requantize' (lossy, see sqnrDb) or 'keep', or quantize with format 'mxfp4', which has none.",
  )
}
