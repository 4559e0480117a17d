/** The blocks of signed bytes that `quantize_rows_int8` makes and the products in precision int8 read. */

const block = 16
const blockWords = 6
/** Where each of a block's 16 values is among its bytes. */
const places = [0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15] as const

/** Rows [m, k] as words [m, ceil(k/16), 6], to the bit. Steps are float32 numbers, as they are on the device. */
export function quantizeRows(activations: Float32Array, m: number, k: number): Uint32Array {
  const blocks = Math.ceil(k / block)
  const words = new Uint32Array(m * blocks * blockWords)
  const view = new DataView(words.buffer)
  for (let row = 0; row < m; row++) {
    for (let i = 0; i < blocks; i++) {
      const values = activations.subarray(row * k + i * block, row * k + Math.min(k, (i + 1) * block))
      writeBlock(view, (row * blocks + i) * blockWords * 4, values)
    }
  }
  return words
}

function writeBlock(view: DataView, at: number, values: Float32Array): void {
  const largest = values.every(Number.isFinite)
    ? values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    : NaN
  const step = Math.fround(largest / 127)
  view.setFloat32(at + 4, step / 2, true)
  if (!(step > 0)) return
  let sum = 0
  for (const [i, value] of values.entries()) {
    const byte = Math.min(127, Math.max(-127, nearestEven(Math.fround(value / step))))
    sum += byte
    view.setInt8(at + 8 + places[i], byte)
  }
  view.setInt32(at, -12 * sum, true)
}

function nearestEven(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1
}

/** The values that blocks stand for, exact in float64: [m, k]. */
export function dequantizeRows(words: Uint32Array, m: number, k: number): Float64Array {
  const view = new DataView(words.buffer, words.byteOffset, words.byteLength)
  const blocks = Math.ceil(k / block)
  const values = new Float64Array(m * k)
  for (let i = 0; i < m * k; i++) {
    const column = i % k
    const at = (Math.floor(i / k) * blocks + Math.floor(column / block)) * blockWords * 4
    values[i] = view.getInt8(at + 8 + places[column % block]) * view.getFloat32(at + 4, true) * 2
  }
  return values
}

/** Activations as a kernel with a constant `precision` is given them, as numbers: [m, k]. */
export function activationRows(
  { precision = 'float32' }: { readonly precision?: 'float32' | 'int8' },
  activations: Float32Array | Uint32Array,
  m: number,
  k: number,
): Float32Array | Float64Array {
  return precision === 'int8' ? dequantizeRows(activations as Uint32Array, m, k) : (activations as Float32Array)
}
