/** Whatever the data are, a Metal kernel stays inside what is bound: it refuses them, in its own words, or computes something. */
import { describe, expect, test } from 'vitest'
import { type KernelDefinition, manifest } from '../src/index.js'
import { resolveKernel } from '../src/manifest/resolve.js'
import { call, deep } from './support/call.js'
import { uniform } from './support/random.js'
import { canSimulate } from './support/simulate.js'

type Problem = Readonly<Record<string, number>>

/** Small problems of the kernels that read indices, states or logits. */
const problems: Readonly<Record<string, Problem>> = {
  embedding_rows: { m: 3, n: 9, k: 20 },
  embedding_rows_fp4: { m: 3, n: 70, k: 20, groupSize: 16 },
  // One row: rows must not share a slot.
  rope_kv_append: {
    ...{ m: 1, heads: 4, kvHeads: 2, headDim: 6, maxPositions: 20, blockSize: 4, tableStride: 0, maxBlocks: 4 },
    ...{ poolBlocks: 3, epsilon: 1e-6 },
  },
  attention_decode: {
    ...{ m: 3, heads: 4, kvHeads: 2, headDim: 6, blockSize: 4, tableStride: 0, maxBlocks: 4, poolBlocks: 3 },
    ...{ splitLength: 5, splits: 2, scale: 1 },
  },
  attention_combine: { m: 3, heads: 2, headDim: 6, splitLength: 5, splits: 2 },
  attention_prefill: {
    ...{ m: 3, heads: 4, kvHeads: 2, headDim: 6, blockSize: 4, tableStride: 5, maxBlocks: 4, poolBlocks: 3 },
    ...{ splitLength: 5, scale: 1 },
  },
  moe_router_topk: { m: 2, n: 40, topK: 5, scalingFactor: 1 },
  argmax: { m: 2, n: 40 },
  count_token: { n: 9, maxPositions: 20 },
  penalize_logits: { n: 40 },
  sample_token: { m: 2, n: 40 },
  advance_step: { ringSize: 3, endTokenCount: 2, maxPositions: 20 },
}

/** Small numbers, which are indices more often than not; any bits; and now and then an infinity. */
function randomBytes(length: number, random: () => number): Uint8Array {
  const word = (kind: number): number => {
    if (kind < 0.01) return 0x7f800000
    return Math.floor(random() * (kind < 0.5 ? 4 : kind < 0.8 ? 30 : 2 ** 32))
  }
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => word(random()))
  return new Uint8Array(words.buffer, 0, length)
}

/** Every argument full of random bits. */
function randomCall(definition: KernelDefinition, problem: Problem, constants: Record<string, string>, seed: number) {
  const random = uniform(seed)
  const { args } = resolveKernel(definition, problem, constants, 'metal')
  const bound = args.map(({ definition: { name }, bytes, bound }) => [name, bound ? randomBytes(bytes, random) : null])
  return { problem, constants, args: Object.fromEntries(bound) as Record<string, Uint8Array | null> }
}

/** The last value of every constant, which binds the most, or the first. */
function constantsOf({ constants }: KernelDefinition, last: boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(constants).map(([name, values]) => [name, values[last ? values.length - 1 : 0]]),
  )
}

describe.skipIf(!canSimulate)('metal', () => {
  test.each(Object.entries(problems))('%s', async (name, problem) => {
    const definition = manifest.find((one) => one.name === name)!
    const outcomes = { done: 0, refused: 0 }
    for (let seed = 1; seed <= (deep ? 200 : 10); seed++) {
      const spec = randomCall(definition, problem, constantsOf(definition, seed % 2 === 0), seed)
      const outcome = await call(definition, spec, 'metal').then(
        () => 'done' as const,
        (error: unknown) => {
          // What the simulator reports comes in other words.
          expect(String(error)).toMatch(new RegExp(`^Error: \\[${name}\\] `))
          return 'refused' as const
        },
      )
      outcomes[outcome]++
    }
    if (definition.failures === undefined) expect(outcomes.refused).toBe(0)
    else expect(outcomes.refused).toBeGreaterThan(0)
  })
})
