/** What is in a packed file, ours or another project's, and its tensors. */
import { LayoutError, QuantizationError, describe } from '../errors.js'
import { type LongWork } from '../long-work.js'
import type { SafetensorsFile } from '../safetensors/file.js'
import { type TensorEntry, fault } from '../safetensors/header.js'
import { type QuantizedTensor, sameSizes } from '../tensor.js'
import { type PackedShape, metadataKey, parsePackedMetadata } from './metadata.js'
import { type Part, decodeParts, partsOf } from './parts.js'

/** A packed tensor of a file: its shape, layout and parts. */
export interface PackedTensor extends PackedShape {
  /** The name that the tensor had (or has, without the endings of its parts). */
  readonly name: string
  readonly parts: readonly number[]
  /** The tensors of the file that hold it, by role. */
  readonly names: Readonly<Partial<Record<Part['role'], string>>>
  /** Of these tensors together. */
  readonly bytes: number
}

/**
 * The packed tensors of a file: those that packSafetensors wrote, by its metadata, and those whose names, dtypes and shapes are of
 * gpt-oss, compressed-tensors, ModelOpt or MLX.
 * @throws SafetensorsError when the metadata and the tensors do not agree.
 */
export function findPacked(file: SafetensorsFile): PackedTensor[] {
  const text = (file.metadata as Record<string, string | undefined>)[metadataKey]
  const own =
    text === undefined
      ? []
      : [...parsePackedMetadata(text, file.name)].map(([name, shape]) => ownTensor(file, name, shape))
  const known = new Set(own.flatMap(({ names }) => Object.values(names)))
  const foreign = [...file.entries.values()].flatMap((entry) => {
    if (known.has(entry.name)) return []
    const found = recognise(file, entry)
    return found === undefined ? [] : [found]
  })
  return [...own, ...foreign]
}

/**
 * Reads a packed tensor.
 * @throws LayoutError when its arrays are not what the layout asks for.
 */
export async function readPacked(
  file: SafetensorsFile,
  packed: PackedTensor,
  options: LongWork = {},
): Promise<QuantizedTensor> {
  const { format, experts, n, k, groupSize, parts, layout, names } = packed
  const bytes: Partial<Record<Part['role'], Uint8Array>> = {}
  for (const role of ['codes', 'scales', 'globalScales'] as const) {
    const name = names[role]
    if (name !== undefined) bytes[role] = await file.read(name)
  }
  try {
    const { codes, scales, globalScales } = bytes
    return await decodeParts(
      { codes, scales, globalScales },
      { format, experts, n, k, groupSize, parts },
      layout,
      options,
    )
  } catch (error) {
    if (!(error instanceof QuantizationError)) throw error
    throw new LayoutError(`[readPacked] ${file.name}, tensor ${describe(packed.name)}: ${error.message}`)
  }
}

function ownTensor(file: SafetensorsFile, name: string, shape: PackedShape): PackedTensor {
  const parts = partsOf(name, shape, shape.layout, shape.stacked)
  let bytes = 0
  for (const part of parts) {
    const entry = file.entries.get(part.name)
    const expected = `${part.dtype} ${describe(part.shape)}, as its metadata says`
    const got = entry === undefined ? 'no such tensor' : `${entry.dtype} ${describe(entry.shape)}`
    if (entry?.dtype !== part.dtype || !sameSizes(entry.shape, part.shape)) {
      return fault({ file: file.name, tensor: part.name, expected, got, fix: 'Pack the file again.' })
    }
    bytes += entry.byteLength
  }
  return { ...shape, name, names: Object.fromEntries(parts.map((part) => [part.role, part.name])), bytes }
}

/** A tensor of codes in another project's layout, told by its name's ending, dtype and shape, and by the scales beside it. */
function recognise(file: SafetensorsFile, codes: TensorEntry): PackedTensor | undefined {
  const beside = (from: RegExp, to: string): TensorEntry | undefined => file.entries.get(codes.name.replace(from, to))
  const { name, dtype, shape } = codes
  if (dtype === 'U8' && /[._]blocks$/.test(name) && shape.at(-1) === 16) {
    return found('gpt-oss', codes, beside(/blocks$/, 'scales'), undefined, shape.slice(0, -2), 32 * (shape.at(-2) ?? 0))
  }
  if (dtype === 'U8' && name.endsWith('.weight_packed')) {
    const globalScales = beside(/packed$/, 'global_scale')
    return found(
      'compressed-tensors',
      codes,
      beside(/packed$/, 'scale'),
      globalScales,
      shape.slice(0, -1),
      2 * (shape.at(-1) ?? 0),
    )
  }
  if (dtype === 'U8' && name.endsWith('.weight')) {
    const globalScales = beside(/weight$/, 'weight_scale_2')
    if (globalScales === undefined) return undefined
    return found(
      'modelopt',
      codes,
      beside(/weight$/, 'weight_scale'),
      globalScales,
      shape.slice(0, -1),
      2 * (shape.at(-1) ?? 0),
    )
  }
  if (dtype === 'U32' && name.endsWith('.weight') && beside(/weight$/, 'biases') === undefined) {
    return found('mlx', codes, beside(/weight$/, 'scales'), undefined, shape.slice(0, -1), 8 * (shape.at(-1) ?? 0))
  }
  return undefined
}

function found(
  layout: PackedShape['layout'],
  codes: TensorEntry,
  scales: TensorEntry | undefined,
  globalScales: TensorEntry | undefined,
  lead: readonly number[],
  k: number,
): PackedTensor | undefined {
  const groups = scales?.shape.at(-1) ?? 0
  const groupSize = k / groups
  if (scales === undefined || k === 0 || (groupSize !== 16 && groupSize !== 32)) return undefined
  if (!['U8', 'F8_E4M3', 'F8_E8M0'].includes(scales.dtype)) return undefined
  if (!sameSizes(scales.shape.slice(0, -1), lead)) return undefined
  const experts = lead.slice(0, -1).reduce((product, size) => product * size, 1)
  const n = lead.at(-1) ?? 0
  if (n === 0 || experts === 0) return undefined
  if (layout === 'compressed-tensors' && groupSize === 16 && globalScales === undefined) return undefined
  if (globalScales !== undefined && (globalScales.dtype !== 'F32' || globalScales.byteLength !== 4 * experts))
    return undefined
  const names = { codes: codes.name, scales: scales.name, ...(globalScales && { globalScales: globalScales.name }) }
  return {
    name: codes.name.replace(/[._]blocks$|_packed$/, ''),
    format: groupSize === 32 ? 'mxfp4' : 'nvfp4',
    layout, experts, n, k, groupSize, parts: [n], stacked: lead.length > 1, names,
    bytes: codes.byteLength + scales.byteLength + (globalScales?.byteLength ?? 0),
  } // prettier-ignore
}
