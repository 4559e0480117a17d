/** Float weights to FP4, row by row: largest magnitude of a group, its scale, its codes. */
import { fail } from './errors.js'
import { type Fp4Format, formatInfo } from './formats.js'
import { absmaxBits, encodeGroup, infinityBits } from './group.js'
import { storeStrip, stripRows } from './layouts/kn.js'
import { type QuantizeOptions, resolveOptions } from './options.js'
import { type ChooseScale, chooseScaleBy } from './rules/choose-scale.js'
import { globalScaleOf } from './rules/global-scale.js'
import { scaleChoices } from './rules/scale-choice.js'
import { type QuantizedTensor, type TensorShape, arrayLengths } from './tensor.js'
import { type Rows, type WeightValues, openRows } from './weight-values.js'

/**
 * Quantizes row-major `[N, K]` (as Hugging Face stores `[out, in]`) or `[E, N, K]` to the layout `kn`: packed
 * `[E, ceil(K/8), N]`, scales `[E, ceil(K/groupSize), N]`.
 *
 * An element is the nearest of `scale * ±{0, .5, 1, 1.5, 2, 3, 4, 6}`, compared exactly, ties to the even code, saturating; a value
 * that rounds to zero keeps its sign. `scale` is the stored scale (times the global scale), not the wanted one. Scales:
 * - `fp4`: half(absmax / 6), at most 65504. `mxfp4`: 2^(floor(log2(absmax)) - 2), OCP MX v1.0, section 6.3. `nvfp4`:
 *   E4M3(absmax / (6 g)) with g = float32(absmax of the expert's part / (6 * 448)).
 * - `mse`: the least squared error among absmax / 6 times 0.50, 0.51 … 1.10 (fp4, nvfp4) or three exponents (mxfp4).
 * - Subnormal half and E4M3 scales are rounded up, so that tiny groups neither clip nor vanish.
 * - A group of zeros has scale code 0 and codes 0, and dequantizes to exactly 0.
 *
 * @throws QuantizationError for a bad option, a wrong length, or a value that is not finite (it names the index).
 * @throws the signal's reason when aborted.
 */
export function quantize(values: WeightValues, options: QuantizeOptions): QuantizedTensor {
  const { shape, rule } = resolveOptions(values, options)
  const { onProgress, signal } = options
  if (signal?.aborted) throw signal.reason
  const { experts, n, k } = shape
  const choice = scaleChoices[formatInfo[shape.format].scaleType]
  const tensor = emptyTensor(shape)
  const rows = openRows(values, k)
  const quantizeRow = rowQuantizer(shape, rows, choice.values(), chooseScaleBy(rule, choice))

  const wordsPerRow = Math.ceil(k / 8)
  const groupsPerRow = Math.ceil(k / shape.groupSize)
  const words = new Uint32Array(stripRows * wordsPerRow)
  const codes = scaleArray(shape.format, stripRows * groupsPerRow)
  const total = experts * n
  let reported = 0
  for (let expert = 0; expert < experts; expert++) {
    const globalOfRow = globalScalesOfRows(shape, rows, expert, tensor.globalScales)
    for (let row = 0; row < n; row += stripRows) {
      const count = Math.min(stripRows, n - row)
      words.fill(0)
      for (let r = 0; r < count; r++) {
        quantizeRow(expert * n + row + r, globalOfRow[row + r], words, r * wordsPerRow, codes, r * groupsPerRow)
      }
      storeStrip(words, count, wordsPerRow, tensor.packed, expert * wordsPerRow * n, n, row)
      storeStrip(codes, count, groupsPerRow, tensor.scales, expert * groupsPerRow * n, n, row)
      const done = expert * n + row + count
      if (done === total || done - reported >= total / 100) {
        reported = done
        onProgress?.(done, total)
        if (signal?.aborted && done < total) throw signal.reason
      }
    }
  }
  return tensor
}

type QuantizeRow = (
  row: number,
  globalScale: number,
  words: Uint32Array,
  wordBase: number,
  codes: Uint16Array | Uint8Array,
  codeBase: number,
) => void

function rowQuantizer(
  { k, groupSize }: TensorShape,
  rows: Rows,
  scaleValues: Float64Array | Float32Array,
  chooseScale: ChooseScale,
): QuantizeRow {
  const { floats, bits } = rows
  return (row, globalScale, words, wordBase, codes, codeBase) => {
    const at = rows.seek(row)
    for (let k0 = 0, group = codeBase; k0 < k; k0 += groupSize, group++) {
      const k1 = Math.min(k0 + groupSize, k)
      const largest = absmaxBits(bits, at + k0, at + k1)
      if (largest >= infinityBits) failNotFinite(rows, row, k)
      if (largest === 0) {
        codes[group] = 0
        continue
      }
      const code = chooseScale(floats, at + k0, at + k1, floatOfBits(largest), globalScale)
      codes[group] = code
      encodeGroup(bits, at, k0, k1, scaleValues[code] * globalScale, words, wordBase)
    }
  }
}

const oneBits: Int32Array = new Int32Array(1)
const oneFloat: Float32Array = new Float32Array(oneBits.buffer)

function floatOfBits(bits: number): number {
  oneBits[0] = bits
  return oneFloat[0]
}

/** Writes the global scales of an expert's parts and returns the one of each row. */
function globalScalesOfRows(shape: TensorShape, rows: Rows, expert: number, globalScales: Float32Array): Float64Array {
  const { n, k, parts } = shape
  const ofRow = new Float64Array(n).fill(1)
  if (!formatInfo[shape.format].globalScale) return ofRow
  let row = 0
  for (const [part, size] of parts.entries()) {
    let largest = 0
    for (let r = row; r < row + size; r++) {
      const at = rows.seek(expert * n + r)
      largest = Math.max(largest, absmaxBits(rows.bits, at, at + k))
      if (largest >= infinityBits) failNotFinite(rows, expert * n + r, k)
    }
    const scale = globalScaleOf(floatOfBits(largest))
    globalScales[expert * parts.length + part] = scale
    ofRow.fill(scale, row, row + size)
    row += size
  }
  return ofRow
}

function failNotFinite(rows: Rows, row: number, k: number): never {
  const at = rows.seek(row)
  let column = 0
  while (Number.isFinite(rows.floats[at + column])) column++
  return fail(
    'quantize',
    'finite values',
    `${rows.floats[at + column]} at index ${row * k + column} (row ${row}, column ${column} of [E * N, K])`,
    'Find where it comes from, or replace it before quantizing.',
  )
}

function emptyTensor(shape: TensorShape): QuantizedTensor {
  const lengths = arrayLengths(shape)
  return {
    ...shape,
    layout: 'kn',
    packed: new Uint32Array(lengths.packed),
    scales: scaleArray(shape.format, lengths.scales),
    globalScales: new Float32Array(lengths.globalScales).fill(1),
  }
}

function scaleArray(format: Fp4Format, length: number): Uint16Array | Uint8Array {
  return formatInfo[format].scaleType === 'half' ? new Uint16Array(length) : new Uint8Array(length)
}
