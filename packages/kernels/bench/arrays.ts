/** Arguments of the right type and size, with values that keep every result finite. Their size is the manifest's. */
import { float32ToBfloat16Array, float32ToHalfArray } from '@metal-fp4/fp4-quant'
import type { ResolvedArgument } from '../src/index.js'

export type ArgumentArray = Float32Array | Uint32Array | Uint16Array | Uint8Array

/** Values repeat with this period: a prime number of elements, so that neither rows nor tiles repeat in step with it. */
const period = 65_537

/**
 * An array for one argument. Time does not depend on values, but for subnormal and infinite ones, which these avoid: weights
 * are about ±0.01, activations about ±1.
 */
export function argumentArray({ definition, type, count }: ResolvedArgument): ArgumentArray {
  const random = generator(definition.name)
  const between = (low: number, high: number): Float32Array =>
    Float32Array.from({ length: Math.min(count, period) }, () => low + (high - low) * random())
  const integers = (low: number, high: number): number[] => Array.from(between(low, high + 1), Math.floor)
  if (definition.type === 'activation' && type === 'u32') return int8Rows(count, random)
  if (definition.type === 'codes') return repeated(Uint32Array.from(integers(0, 2 ** 32 - 1)), count)
  if (definition.type === 'weight') return repeated(converted(between(-0.02, 0.02), type), count)
  if (definition.type === 'scale' && type === 'e8m0') return repeated(Uint8Array.from(integers(119, 121)), count)
  if (definition.type === 'scale' && type === 'e4m3') return repeated(Uint8Array.from(integers(0x28, 0x38)), count)
  if (definition.type === 'scale' || definition.name === 'scales')
    return repeated(converted(between(0.005, 0.01), type), count)
  if (definition.name === 'columnScales') return repeated(between(0.005, 0.01), count)
  return repeated(converted(between(-1, 1), type), count)
}

/** Of quantize_rows_int8's blocks: a step that a float32 holds and a byte of 127, so that quantizing their values gives the same words. */
function int8Rows(count: number, random: () => number): Uint32Array {
  const block = 6
  const words = new Uint32Array(block * 1021)
  const view = new DataView(words.buffer)
  for (let at = 0; at < words.byteLength; at += 4 * block) {
    const bytes = Int8Array.from({ length: 16 }, (_, i) => (i === 0 ? 127 : Math.floor(255 * random()) - 127))
    view.setInt32(at, -12 * bytes.reduce((sum, byte) => sum + byte, 0), true)
    view.setFloat32(at + 4, 1 / 256, true)
    for (const [i, byte] of bytes.entries()) view.setInt8(at + 8 + i, byte)
  }
  return repeated(words.subarray(0, Math.min(words.length, count)), count)
}

/** `values` again and again up to `count`. */
function repeated<A extends ArgumentArray>(values: A, count: number): A {
  const array = new (values.constructor as new (length: number) => A)(count)
  array.set(values.subarray(0, count))
  for (let filled = values.length; filled < count; filled *= 2)
    array.copyWithin(filled, 0, Math.min(filled, count - filled))
  return array
}

function converted(values: Float32Array, type: string): ArgumentArray {
  return type === 'f16' ? float32ToHalfArray(values) : type === 'bf16' ? float32ToBfloat16Array(values) : values
}

/** mulberry32, seeded by a name: the same numbers in every run. */
function generator(name: string): () => number {
  let state = 0x9e3779b9
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
