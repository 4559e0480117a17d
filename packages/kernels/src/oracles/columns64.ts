import { type Fp4Format, decodeE2M1, decodeE4M3, decodeE8M0, halfToFloat } from '@metal-fp4/fp4-quant'

/** Weights in the order `columns64`, as kernels are given them: matrices one after the other. */
export interface Columns64 {
  readonly format: Fp4Format | undefined
  readonly n: number
  readonly k: number
  readonly groupSize: number
  readonly codes: Uint32Array
  readonly scales: Uint8Array | Uint16Array
  readonly columnScales?: Float32Array | null | undefined
}

const codeValues = Float64Array.from({ length: 16 }, (_, code) => decodeE2M1(code))
const scaleDecoders = { fp4: halfToFloat, mxfp4: decodeE8M0, nvfp4: decodeE4M3 }

/** Column `column` of matrix `matrix`, dequantized, exact in float64: [K]. */
export function dequantizeColumn(weights: Columns64, matrix: number, column: number): Float64Array {
  const { format = 'fp4', n, k, groupSize, codes, scales, columnScales } = weights
  const decodeScale = scaleDecoders[format]
  const words = Math.ceil(k / 8)
  const groups = Math.ceil(k / groupSize)
  const tile = matrix * Math.ceil(n / 64) + Math.floor(column / 64)
  const lane = column % 64
  const columnScale = columnScales?.[tile * 64 + lane] ?? 1
  const values = new Float64Array(k)
  for (let group = 0; group < groups; group++) {
    const scale = decodeScale(scales[(tile * groups + group) * 64 + lane]) * columnScale
    const end = Math.min(k, (group + 1) * groupSize)
    for (let i = group * groupSize; i < end; i++) {
      const word = codes[(tile * words + Math.floor(i / 8)) * 64 + lane]
      values[i] = codeValues[(word >>> (4 * (i % 8))) & 15] * scale
    }
  }
  return values
}
