/**
 * GGUF blocks of ggml (llama.cpp). MXFP4 (type 39): 17 bytes for 32 values, the E8M0 scale, then values 0-15 in the low and 16-31 in the high
 * nibbles. NVFP4 (type 40): 36 bytes for 64 values, four E4M3 scales, then for each 16 values 8 bytes, values 0-7 low and 8-15 high. The
 * global scale of NVFP4 is a tensor of its own in the file, `NAME.scale` (F32, one for each expert). (gguf 0.19, quants.py; block_mxfp4 and
 * block_nvfp4 in ggml-common.h.)
 */
import { describe, failLayout } from '../errors.js'
import { type LongWork, type Steps, runSteps } from '../long-work.js'
import type { QuantizedTensor } from '../tensor.js'
import type { FromOptions, Fp4Rows } from './rows.js'
import { checkArray, checkGlobalScales, checkRowSizes, checkScaleCodes, rowsOfTensor, tensorOfRows } from './rows.js'

/** A tensor as GGUF blocks; ggml's shape of it is `[K, N, E]`, fastest first. */
export interface GgufTensor {
  readonly layout: 'gguf'
  readonly type: 'MXFP4' | 'NVFP4'
  /** The number of the type in a GGUF file. */
  readonly typeId: 39 | 40
  readonly experts: number
  readonly n: number
  readonly k: number
  /** `[E, N, K/32, 17]` or `[E, N, K/64, 36]`. */
  readonly blocks: Uint8Array
  /** `[E]`, NVFP4 only: the tensor `NAME.scale` beside `NAME.weight`. Absent is 1. */
  readonly scale?: Float32Array
}

/** Sizes of a block: values in it, groups that have a scale, values in each. */
const types = {
  mxfp4: { type: 'MXFP4', typeId: 39, values: 32, group: 32, largestScale: 0xfe },
  nvfp4: { type: 'NVFP4', typeId: 40, values: 64, group: 16, largestScale: 0x7e },
} as const

const readings = { mxfp4: 'as ggml reads 0xff as 2^128', nvfp4: 'as ggml has neither a sign nor NaN' } as const

/**
 * An mxfp4 or nvfp4 tensor as GGUF blocks; exact. K must be a multiple of 32 (mxfp4) or 64 (nvfp4).
 * @throws LayoutError when it cannot be held: fp4, a ragged K, parts with different global scales, a NaN or negative scale.
 */
export function toGguf(tensor: QuantizedTensor, options?: LongWork): GgufTensor {
  return runSteps(toGgufSteps(tensor), options, 'toGguf')
}

/**
 * The tensor of GGUF blocks; exact. A scale 0x7f of NVFP4 becomes 0, as ggml reads it.
 * @throws LayoutError when the arrays do not fit, or for a scale that ggml does not define.
 */
export function fromGguf(
  tensor: Pick<GgufTensor, 'type' | 'n' | 'k' | 'blocks' | 'scale'> & { readonly experts?: number },
  options?: FromOptions,
): QuantizedTensor {
  return runSteps(fromGgufSteps(tensor, options), options, 'fromGguf')
}

export function* toGgufSteps(tensor: QuantizedTensor): Steps<GgufTensor> {
  const op = 'toGguf'
  const format = (tensor as QuantizedTensor | undefined)?.format
  const multiple = format === 'nvfp4' ? types.nvfp4.values : types.mxfp4.values
  return yield* ggufOfRows(yield* rowsOfTensor(tensor, op, multiple), op)
}

export function* fromGgufSteps(
  tensor: Pick<GgufTensor, 'type' | 'n' | 'k' | 'blocks' | 'scale'> & { readonly experts?: number },
  options?: FromOptions,
): Steps<QuantizedTensor> {
  const op = 'fromGguf'
  return yield* tensorOfRows(yield* rowsOfGguf(tensor, options, op), options, op)
}

export function* ggufOfRows(rows: Fp4Rows, op: string): Steps<GgufTensor> {
  const { format, experts, n, k, codes, scales, globalScales } = rows
  const { type, typeId, values, group, largestScale } = types[format]
  if (k % values !== 0) {
    const fix = `Widen the tensor with padK(tensor, ${values}); the input then needs zeros at its end.`
    failLayout(op, `K to be a multiple of ${values}`, `${k}`, fix)
  }
  checkScaleCodes(rows, largestScale, readings[format], op)
  const groups = values / group
  const blockBytes = groups + values / 2
  const perRow = k / values
  const blocks = new Uint8Array(experts * n * perRow * blockBytes)
  for (let row = 0; row < experts * n; row++) {
    for (let block = row * perRow; block < (row + 1) * perRow; block++) {
      const at = block * blockBytes
      for (let g = 0; g < groups; g++) {
        blocks[at + g] = scales[block * groups + g]
        const from = (block * groups + g) * (group / 2)
        dealOut(codes, from, blocks, at + groups + g * (group / 2), group)
      }
    }
    if (row % 64 === 63) yield { done: row + 1, total: experts * n }
  }
  const tensor: GgufTensor = { layout: 'gguf', type, typeId, experts, n, k, blocks }
  return format === 'nvfp4' ? { ...tensor, scale: globalScales } : tensor
}

export function* rowsOfGguf(
  tensor: Pick<GgufTensor, 'type' | 'n' | 'k' | 'blocks' | 'scale'> & { readonly experts?: number },
  options: LongWork | undefined,
  op: string,
): Steps<Fp4Rows> {
  const name = (tensor as Partial<GgufTensor> | undefined)?.type as string | undefined
  const format = name === 'MXFP4' ? 'mxfp4' : name === 'NVFP4' ? 'nvfp4' : undefined
  if (format === undefined) {
    return failLayout(op, "type 'MXFP4' or 'NVFP4'", describe(name), 'Other types of GGUF are not FP4.')
  }
  const { values, group, largestScale } = types[format]
  const { experts, n, k } = checkRowSizes(tensor, values, options, op)
  const groups = values / group
  const blockBytes = groups + values / 2
  const perRow = k / values
  const { blocks } = tensor
  checkArray(blocks, 'blocks', 'Uint8Array', experts * n * perRow * blockBytes, op)
  if (format === 'mxfp4' && tensor.scale !== undefined) {
    failLayout(op, 'no scale for MXFP4', describe(tensor.scale), 'Leave it out.')
  }
  const globalScales = tensor.scale ?? new Float32Array(experts).fill(1)
  checkGlobalScales(globalScales, 'scale', experts, op)
  const codes = new Uint8Array((experts * n * k) / 2)
  const scales = new Uint8Array((experts * n * k) / group)
  for (let row = 0; row < experts * n; row++) {
    for (let block = row * perRow; block < (row + 1) * perRow; block++) {
      const at = block * blockBytes
      for (let g = 0; g < groups; g++) {
        const scale = blocks[at + g]
        scales[block * groups + g] = format === 'nvfp4' && scale === 0x7f ? 0 : scale
        gather(blocks, at + groups + g * (group / 2), codes, (block * groups + g) * (group / 2), group)
      }
    }
    if (row % 64 === 63) yield { done: row + 1, total: experts * n }
  }
  const rows: Fp4Rows = { format, experts, n, k, codes, scales, globalScales }
  checkScaleCodes(rows, largestScale, readings[format], op)
  return rows
}

/** A group of `size` codes in pairs (0 1)(2 3)… to the first half in low and the second in high nibbles. */
function dealOut(source: Uint8Array, from: number, target: Uint8Array, to: number, size: number): void {
  const half = size / 4
  for (let i = 0; i < half; i++) {
    const low = source[from + i]
    const high = source[from + half + i]
    target[to + 2 * i] = (low & 15) | ((high & 15) << 4)
    target[to + 2 * i + 1] = (low >> 4) | (high & 0xf0)
  }
}

/** The inverse of `dealOut`. */
function gather(source: Uint8Array, from: number, target: Uint8Array, to: number, size: number): void {
  const half = size / 4
  for (let i = 0; i < half; i++) {
    const even = source[from + 2 * i]
    const odd = source[from + 2 * i + 1]
    target[to + i] = (even & 15) | ((odd & 15) << 4)
    target[to + half + i] = (even >> 4) | (odd & 0xf0)
  }
}
