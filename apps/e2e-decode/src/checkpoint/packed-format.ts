/**
 * Our packed folder: `packed.json` lists what `packed.bin` holds, in the order that a device's kernels read, so that the
 * file is mapped and used as it is. Beside them lie the checkpoint's own config.json and tokenizer files.
 */
import type { Fp4Format } from '@metal-fp4/fp4-quant'
import type { JsonObject } from './json-file.js'
import type { DenseType } from '../model/host-weights.js'
import type { WeightDeclaration } from '../model/weight-table.js'

export const packedFormat = 'metal-fp4-packed'
export const packedVersion = 1
export const packedIndex = 'packed.json'
export const packedData = 'packed.bin'

/** Ranges of at least this many bytes begin at a multiple of it: the page of Apple's devices, the largest there is. */
export const pageAlignment = 16384
/** Smaller ranges begin at a multiple of this: more than any device asks of an offset. */
export const smallAlignment = 256

/** A range of bytes of packed.bin. */
export interface PackedRange {
  readonly offset: number
  readonly byteLength: number
}

/** Plain values in row-major order: a vector, or a matrix `[experts, stacks, n, k]`. */
export interface PackedDense {
  readonly layout: 'rows'
  readonly dtype: DenseType
  readonly shape: readonly number[]
  readonly data: PackedRange
}

/** FP4 weights `[experts, stacks, ceil(n/64), …, 64]` (see `packColumns64` of @metal-fp4/kernels). */
export interface PackedFp4 {
  readonly layout: 'columns64'
  readonly dtype: Fp4Format
  /** [experts, stacks, n of one stack, k] */
  readonly shape: readonly number[]
  readonly groupSize: number
  /** Sizes of the fused parts along the outputs of all stacks. */
  readonly parts: readonly number[]
  readonly codes: PackedRange
  readonly scales: PackedRange
  /** nvfp4 only. */
  readonly columnScales: PackedRange | null
}

export type PackedTensor = PackedDense | PackedFp4

/** The whole of packed.json. */
export interface PackedIndex {
  readonly format: typeof packedFormat
  readonly version: typeof packedVersion
  readonly byteLength: number
  readonly tensors: Readonly<Record<string, PackedTensor>>
}

/** [experts, stacks, n, k] of a matrix, [length] of a vector. */
export function shapeOf(declaration: WeightDeclaration): number[] {
  if (declaration.kind === 'vector') return [declaration.length]
  return [declaration.experts, declaration.stacks, declaration.n, declaration.k]
}

/** The ranges of a tensor, with the names of their entries. */
export function rangesOf(tensor: PackedTensor): [string, PackedRange][] {
  if (tensor.layout === 'rows') return [['data', tensor.data]]
  const { codes, scales, columnScales } = tensor
  return [['codes', codes], ['scales', scales], ...(columnScales ? [['columnScales', columnScales] as [string, PackedRange]] : [])] // prettier-ignore
}

const denseBytes: Readonly<Record<DenseType, number>> = { f32: 4, f16: 2, bf16: 2 }

/** Reads and checks one tensor's entry against what the model needs. @throws CheckpointError */
export function readPackedTensor(entry: JsonObject, declaration: WeightDeclaration, dataBytes: number): PackedTensor {
  const shape = shapeOf(declaration)
  const found = entry.integers('shape')
  if (found.length !== shape.length || found.some((size, axis) => size !== shape[axis])) {
    entry.fail('shape', `[${shape.join(', ')}]`, 'packed.json and config.json are not of one model.')
  }
  const count = shape.reduce((product, size) => product * size, 1)
  const dtype = entry.string('dtype')
  if (dtype === 'f32' || dtype === 'f16' || dtype === 'bf16') {
    if (entry.string('layout') !== 'rows') entry.fail('layout', `"rows" for ${dtype}`)
    return { layout: 'rows', dtype, shape, data: readRange(entry, 'data', count * denseBytes[dtype], dataBytes) }
  }
  if (declaration.kind === 'vector' || declaration.role !== 'projection') entry.fail('dtype', 'f32, f16 or bf16')
  if (dtype !== 'fp4' && dtype !== 'mxfp4' && dtype !== 'nvfp4') {
    return entry.fail('dtype', 'f32, f16, bf16, fp4, mxfp4 or nvfp4')
  }
  if (entry.string('layout') !== 'columns64')
    entry.fail('layout', '"columns64"', 'Pack the model again with this version.')
  return readFp4(entry, declaration, dtype, shape, dataBytes)
}

function readFp4(
  entry: JsonObject,
  declaration: Extract<WeightDeclaration, { kind: 'matrix' }>,
  dtype: Fp4Format,
  shape: number[],
  dataBytes: number,
): PackedFp4 {
  const { experts, stacks, n, k } = declaration
  const fixed = { fp4: undefined, mxfp4: 32, nvfp4: 16 }[dtype]
  const groupSize = entry.integer('groupSize', { least: fixed ?? 16, ...(fixed === undefined ? {} : { most: fixed }) })
  if (groupSize % 8 !== 0) entry.fail('groupSize', 'a multiple of 8')
  const parts = entry.integers('parts')
  if (parts.join() !== declaration.parts.map(({ rows }) => rows).join()) {
    entry.fail('parts', `[${declaration.parts.map(({ rows }) => rows).join(', ')}]`)
  }
  const columns = experts * stacks * Math.ceil(n / 64) * 64
  const scaleCount = columns * Math.ceil(k / groupSize)
  return {
    layout: 'columns64',
    dtype,
    shape,
    groupSize,
    parts,
    codes: readRange(entry, 'codes', columns * Math.ceil(k / 8) * 4, dataBytes),
    scales: readRange(entry, 'scales', scaleCount * (dtype === 'fp4' ? 2 : 1), dataBytes),
    columnScales: dtype === 'nvfp4' ? readRange(entry, 'columnScales', columns * 4, dataBytes) : null,
  }
}

function readRange(entry: JsonObject, key: string, byteLength: number, dataBytes: number): PackedRange {
  const range = entry.object(key)
  if (range === undefined) return entry.fail(key, 'an object with offset and byteLength')
  const most = Number.MAX_SAFE_INTEGER
  const offset = range.integer('offset', { least: 0, most })
  if (offset % smallAlignment !== 0) range.fail('offset', `a multiple of ${smallAlignment}`)
  if (range.integer('byteLength', { least: 0, most }) !== byteLength) range.fail('byteLength', `${byteLength}`)
  if (offset + byteLength > dataBytes) {
    range.fail(
      'offset',
      `a range that ends within the ${dataBytes} bytes of packed.bin`,
      'The file is truncated: download it again.',
    )
  }
  return { offset, byteLength }
}
