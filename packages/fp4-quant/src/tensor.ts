/** A quantized tensor in the canonical layout: its shape, its arrays, and the check of both. */
import { describe, fail, isTypedArray } from './errors.js'
import { type Fp4Format, formatInfo, isFp4Format } from './formats.js'

/** W as `[K, N]` of FP4 codes (y = x W), once for each expert. Made by `quantize`, or from a checkpoint's own arrays. */
export interface QuantizedTensor {
  readonly format: Fp4Format
  readonly layout: 'kn'
  /** Number of experts E; 1 for an ordinary matrix. */
  readonly experts: number
  /** Output width N. */
  readonly n: number
  /** Input width K. */
  readonly k: number
  /** Values along K that share a scale; the last group may be shorter. */
  readonly groupSize: number
  /** Sizes along N of the fused parts, summing to N. */
  readonly parts: readonly number[]
  /** `[E, ceil(K/8), N]`: value k of column n in bits 4(k mod 8) .. 4(k mod 8)+3 of word (k div 8, n); padding is 0. */
  readonly packed: Uint32Array
  /** `[E, ceil(K/groupSize), N]`: half bits (Uint16Array) for fp4, E8M0 or E4M3 codes (Uint8Array) for mxfp4 and nvfp4. */
  readonly scales: Uint16Array | Uint8Array
  /** `[E, parts.length]`, finite and above 0, multiplied with the scales; all 1 unless nvfp4. */
  readonly globalScales: Float32Array
}

/** The shape of a tensor, without its arrays. */
export type TensorShape = Pick<QuantizedTensor, 'format' | 'experts' | 'n' | 'k' | 'groupSize' | 'parts'>

/** Lengths of the arrays of a tensor of this shape. */
export function arrayLengths(shape: TensorShape): { packed: number; scales: number; globalScales: number } {
  const { experts, n, k, groupSize, parts } = shape
  return {
    packed: experts * Math.ceil(k / 8) * n,
    scales: experts * Math.ceil(k / groupSize) * n,
    globalScales: experts * parts.length,
  }
}

/** A tensor of zeros, its global scales 1. */
export function emptyTensor(shape: TensorShape): QuantizedTensor {
  const lengths = arrayLengths(shape)
  const Scales = formatInfo[shape.format].scaleType === 'half' ? Uint16Array : Uint8Array
  return {
    ...shape,
    layout: 'kn',
    packed: new Uint32Array(lengths.packed),
    scales: new Scales(lengths.scales),
    globalScales: new Float32Array(lengths.globalScales).fill(1),
  }
}

/** True for lists of the same sizes: parts, or shapes. */
export function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i])
}

/** Bytes of codes, scales and global scales together: what a kernel reads for the whole tensor. */
export function tensorBytes(tensor: QuantizedTensor): number {
  return tensor.packed.byteLength + tensor.scales.byteLength + tensor.globalScales.byteLength
}

/** Checks a shape. @throws QuantizationError naming the field, in the name of `op`. */
export function checkShape(shape: TensorShape, op: string): void {
  const { format, experts, n, k, groupSize, parts } = shape
  if (!isFp4Format(format)) {
    fail(op, "format 'fp4', 'mxfp4' or 'nvfp4'", describe(format), 'Pass one of these names.')
  }
  for (const [name, size] of Object.entries({ n, k, experts })) {
    if (!Number.isSafeInteger(size) || size < 1) {
      fail(op, `${name} to be a positive integer`, describe(size), 'n is the output width, k the input width.')
    }
  }
  const { fixedGroupSize, defaultGroupSize } = formatInfo[format]
  if (fixedGroupSize && groupSize !== defaultGroupSize) {
    fail(op, `groupSize ${defaultGroupSize} for ${format}`, describe(groupSize), "Leave it out, or use format 'fp4'.")
  }
  if (!Number.isSafeInteger(groupSize) || groupSize < Math.min(16, k)) {
    fail(op, `groupSize to be an integer of 16..K (K is ${k})`, describe(groupSize), 'Pass 16, 32, 64, 128 or K.')
  }
  const sizes: readonly number[] = Array.isArray(parts) ? parts : []
  if (sizes.length === 0 || sizes.some((size) => !Number.isSafeInteger(size) || size < 1)) {
    fail(op, 'parts to be positive integers', describe(parts), 'List the rows of each fused part, as [q, k, v].')
  }
  const sum = sizes.reduce((total, size) => total + size, 0)
  if (sum !== n)
    fail(op, `parts that sum to n = ${n}`, `${describe(parts)}, which sums to ${sum}`, 'Correct the sizes.')
}

/**
 * Checks that a tensor's arrays have the types and lengths that its shape asks for, and that its format can have its global scales.
 * @throws QuantizationError naming the field, in the name of `op`.
 */
export function checkTensor(tensor: QuantizedTensor, op = 'checkTensor'): void {
  if (typeof tensor !== 'object' || (tensor as unknown) === null) {
    fail(op, 'a QuantizedTensor', describe(tensor), 'Make one with quantize.')
  }
  if ((tensor.layout as string) !== 'kn') fail(op, "layout 'kn'", describe(tensor.layout), 'Convert the tensor first.')
  checkShape(tensor, op)
  const lengths = arrayLengths(tensor)
  const kinds = {
    packed: 'Uint32Array',
    scales: formatInfo[tensor.format].scaleType === 'half' ? 'Uint16Array' : 'Uint8Array',
    globalScales: 'Float32Array',
  } as const
  for (const name of ['packed', 'scales', 'globalScales'] as const) {
    const array = tensor[name]
    if (!isTypedArray(array, kinds[name]) || array.length !== lengths[name]) {
      fail(op, `${name} to be ${kinds[name]}(${lengths[name]})`, describe(array), 'Check the shape and the group size.')
    }
  }
  const { globalScale } = formatInfo[tensor.format]
  const bad = tensor.globalScales.findIndex((scale) => (globalScale ? !(scale > 0 && scale < Infinity) : scale !== 1))
  if (bad < 0) return
  const expected = globalScale ? 'globalScales that are finite and above 0' : `globalScales of 1 for ${tensor.format}`
  const fix = globalScale ? 'Quantize the weights again.' : "Only format 'nvfp4' has a global scale."
  fail(op, expected, `${tensor.globalScales[bad]} at index ${bad}`, fix)
}
