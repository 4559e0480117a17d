/**
 * Rows to FP4 in WebAssembly SIMD: a row is copied in, its scales are chosen, its codes made. Groups that the search of rule `mse`
 * leaves open, because two scales are too close for float32, get their scale from the TypeScript code.
 */
import { type ScaleRule, formatInfo } from '../formats.js'
import { absmaxBits, floatOfBits, infinityBits } from '../group.js'
import { storeStrip, stripRows } from '../layouts/kn.js'
import { failNotFinite } from '../not-finite.js'
import type { RowWorker } from '../row-worker.js'
import { chooseScaleBy } from '../rules/choose-scale.js'
import { scaleChoices } from '../rules/scale-choice.js'
import type { QuantizedTensor } from '../tensor.js'
import { type WeightValues, openRows } from '../weight-values.js'
import { type Arena, openArena, reservedBytes } from './arena.js'

/** Numbers of the formats in assembly/scales.ts. */
const formatNumber = { fp4: 0, mxfp4: 1, nvfp4: 2 } as const

/** A group's code where assembly/ left the choice open. */
const undecided = 0xffff

/** Addresses of what one strip needs. */
function layOut(
  k: number,
  groupSize: number,
): Record<'row' | 'raw' | 'bytes' | 'words' | 'codes' | 'scales' | 'end', number> {
  const groups = Math.ceil(k / groupSize)
  let end = reservedBytes
  const take = (bytes: number): number => {
    const at = end
    end += Math.ceil(bytes / 64) * 64
    return at
  }
  return {
    row: take(4 * (k + 16)),
    raw: take(2 * (k + 16)),
    bytes: take(k + 32),
    words: take(4 * stripRows * (Math.ceil(k / 8) + 1)),
    codes: take(2 * stripRows * groups),
    scales: take(8 * groups),
    end,
  }
}

/** The worker, or undefined where WebAssembly SIMD may not run or rows are too long for its memory. */
export function wasmWorker(values: WeightValues, tensor: QuantizedTensor, rule: ScaleRule): RowWorker | undefined {
  const { n, k, packed, scales } = tensor
  // The module counts in 32 bits; a larger group is one group a row as well.
  const groupSize = Math.min(tensor.groupSize, k)
  const at = layOut(k, groupSize)
  const arena = openArena(at.end)
  if (!arena) return undefined
  const { exports } = arena
  const views = (): Arena['views'] => arena.views
  const format = formatNumber[tensor.format]
  const mse = rule === 'mse' ? 1 : 0
  const choice = scaleChoices[formatInfo[tensor.format].scaleType]
  const chooseScale = chooseScaleBy(rule, choice)
  const wordsPerRow = Math.ceil(k / 8)
  const groupsPerRow = Math.ceil(k / groupSize)

  /** Copies a row in and makes float32 of it. */
  function load(row: number): void {
    const start = row * k
    const { f32, u16 } = views()
    if ('type' in values) {
      u16.set(values.bits.subarray(start, start + k), at.raw / 2)
      exports.toFloat32(at.raw, at.row, k, values.type === 'half' ? 1 : 0)
    } else f32.set(values.subarray(start, start + k), at.row / 4)
  }

  /** Chooses what `chooseScales` left open in row `r` of the strip. */
  function decide(r: number, globalScale: number): void {
    const { i32, f32, f64, u16 } = views()
    for (let group = 0; group < groupsPerRow; group++) {
      const index = at.codes / 2 + group * stripRows + r
      if (u16[index] !== undecided) continue
      const start = at.row / 4 + group * groupSize
      const end = Math.min(start + groupSize, at.row / 4 + k)
      const absmax = floatOfBits(absmaxBits(i32, start, end))
      const code = chooseScale(f32, start, end, absmax, globalScale)
      u16[index] = code
      f64[at.scales / 8 + group] = choice.values()[code] * globalScale
    }
  }

  function quantizeRow(row: number, r: number, globalScale: number): void {
    load(row)
    const codes = at.codes + 2 * r
    // prettier-ignore
    const open = exports.chooseScales(
      at.row, k, groupSize, format, mse, globalScale, codes, 2 * stripRows, at.scales, 0,
    )
    if (open < 0) failNotFinite(openRows(values, k), row, k)
    if (open > 0) decide(r, globalScale)
    exports.encodeRow(at.row, k, groupSize, at.scales, at.bytes, at.words + 4 * r, 4 * stripRows)
  }

  return {
    absmax(first, count) {
      let largest = 0
      for (let row = first; row < first + count; row++) {
        load(row)
        largest = Math.max(largest, exports.absmaxBits(at.row, k))
        if (largest >= infinityBits) failNotFinite(openRows(values, k), row, k)
      }
      return floatOfBits(largest)
    },
    quantizeRows(expert, row, count, globalOfRow) {
      for (let r = 0; r < count; r++) quantizeRow(expert * n + row + r, r, globalOfRow[row + r])
      const words = views().u32.subarray(at.words / 4)
      const codes = views().u16.subarray(at.codes / 2)
      storeStrip(words, count, wordsPerRow, packed, expert * wordsPerRow * n, n, row)
      storeStrip(codes, count, groupsPerRow, scales, expert * groupsPerRow * n, n, row)
    },
  }
}
