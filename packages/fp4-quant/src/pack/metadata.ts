/** What a packed file says about itself, in the key `fp4_quant` of its metadata. */
import { describe } from '../errors.js'
import { isFp4Format } from '../formats.js'
import { fault } from '../safetensors/header.js'
import { parseStrictJson } from '../safetensors/json.js'
import type { TensorShape } from '../tensor.js'
import { type FileLayout, fileLayouts } from './names.js'

/** The key of `__metadata__`. */
export const metadataKey = 'fp4_quant'

/** A packed tensor as the metadata describes it. */
export interface PackedShape extends TensorShape {
  readonly layout: FileLayout
  /** True for `[E, N, K]`, even where E is 1. */
  readonly stacked: boolean
}

/** The text for packed tensors, by the names that they had. */
export function packedMetadata(tensors: ReadonlyMap<string, PackedShape>): string {
  const entries = [...tensors].map(([name, { format, layout, experts, n, k, groupSize, parts, stacked }]) => [
    name,
    { format, layout, experts, n, k, groupSize, parts, stacked },
  ])
  // A list, and not an object: a tensor may be called __proto__.
  return JSON.stringify({ version: 1, tensors: entries })
}

/** One text for the texts of several shards. @throws SafetensorsError when one is not ours. */
export function mergePackedMetadata(texts: readonly string[], file: string): string {
  return packedMetadata(new Map(texts.flatMap((text) => [...parsePackedMetadata(text, file)])))
}

/** Reads the text. @throws SafetensorsError when it is not one of ours. */
export function parsePackedMetadata(text: string, file: string): Map<string, PackedShape> {
  const fail = (expected: string, got: unknown): never =>
    fault({ file, tensor: '__metadata__', expected, got: describe(got), fix: 'Pack the file again.' })
  let value: { version?: unknown; tensors?: unknown } | null
  try {
    value = parseStrictJson(text, 8) as typeof value
  } catch (error) {
    return fail(`${metadataKey} to be JSON`, (error as Error).message)
  }
  if (value?.version !== 1) return fail(`${metadataKey} of version 1`, value?.version)
  if (!Array.isArray(value.tensors)) return fail('a list of tensors', value.tensors)
  return new Map(
    value.tensors.map((entry: unknown) => {
      const [name, shape] = (Array.isArray(entry) ? entry : []) as [unknown, Partial<PackedShape> | undefined]
      if (typeof name !== 'string') return fail('the name of a tensor', name)
      const { format, layout, stacked, parts } = Object(shape) as Partial<PackedShape>
      if (!isFp4Format(format)) return fail('a format', format)
      if (!fileLayouts.includes(layout as FileLayout)) return fail('a layout', layout)
      if (typeof stacked !== 'boolean') return fail('stacked to be true or false', stacked)
      for (const key of ['experts', 'n', 'k', 'groupSize'] as const) {
        const size: unknown = (shape as PackedShape)[key]
        if (!Number.isSafeInteger(size) || (size as number) < 1) return fail(`${key} to be a positive integer`, size)
      }
      if (!isPartition(parts, (shape as PackedShape).n)) {
        return fail(`parts, positive integers that sum to n = ${(shape as PackedShape).n}`, parts)
      }
      if (!stacked && (shape as PackedShape).experts !== 1) return fail('one expert', (shape as PackedShape).experts)
      return [name, shape as PackedShape]
    }),
  )
}

/** Global scales are one for each part: parts that a file's data does not bound could ask for any amount of memory. */
function isPartition(parts: unknown, n: number): boolean {
  if (!Array.isArray(parts) || parts.some((size) => !Number.isSafeInteger(size) || (size as number) < 1)) return false
  return (parts as number[]).reduce((sum, size) => sum + size, 0) === n
}
