import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Precision } from '@metal-fp4/dispatch'
import { type Device, createDevice } from '@metal-fp4/metal-core'
import { loadModel } from '../src/load-model.js'
import type { Quantization } from '../src/model/host-weights.js'
import type { Model } from '../src/model/model.js'
import { type Reference, openReference } from '../src/reference/index.js'
import { type CheckpointOptions, type ConfigName, cleanUp, configs, writeCheckpoint } from './support/checkpoints.js'
import { best, nmse } from './support/compare.js'
import { random } from './support/random.js'

/**
 * Layer 6 of the design: where the float64 gap between the two best logits is above this, the choice must be the same.
 * Logits of these models have a standard deviation near 3; keys and values are rounded to half (2^-11).
 */
const gapBound = 0.05

/**
 * What bytes for activations may cost, as normalized squared error of logits: of the middle one of 100 rows, and of all together.
 * Models of random weights are the worst case; for the default model, see its test. Where two experts score alike, the error of
 * the activations may choose the other one, which is another function: a few rows of a mixture are far off.
 */
const int8RowLimit = 2e-3
const int8Limit = { dense: 1e-3, mixture: 0.05 }

let device: Device
beforeAll(async () => {
  device = await createDevice({ backend: 'cpu' })
})
afterAll(() => {
  device.dispose()
  cleanUp()
})

/** A text of random tokens, long enough for two blocks of the cache. */
function someTokens(count: number, vocabSize: number, seed = 7): number[] {
  const next = random(seed)
  return Array.from({ length: count }, () => Math.floor(next() * vocabSize))
}

async function load(
  folder: string,
  { mode, groupSize }: Quantization,
  precision: Precision = 'float32',
): Promise<Model> {
  const precisions = mode === 'none' ? {} : { precision }
  return loadModel(folder, { device, ...precisions, quantize: mode, ...(groupSize === undefined ? {} : { groupSize }) })
}

/** Greedy tokens of the float64 pass. */
async function referenceGreedy(reference: Reference, prompt: readonly number[], count: number): Promise<number[]> {
  const tokens = [...prompt]
  for (let i = 0; i < count; i++) {
    const logits = await reference.logits(tokens)
    tokens.push(best(logits.subarray(logits.length - reference.spec.vocabSize)).token)
  }
  return tokens.slice(prompt.length)
}

/** Compares whole-sequence logits with the float64 pass over the same weights. */
async function expectLayer6(model: Model, reference: Reference, limit: number): Promise<void> {
  const { vocabSize } = model.spec
  const tokens = someTokens(100, vocabSize)
  const expected = await reference.logits(tokens)
  const logits = await model.logits(tokens, { rows: 'all' })
  const error = nmse(logits, expected)
  expect(error).toBeLessThanOrEqual(limit)
  let compared = 0
  for (let at = 0; at < expected.length; at += vocabSize) {
    const { token, gap } = best(expected.subarray(at, at + vocabSize))
    if (gap <= gapBound) continue
    compared++
    expect(best(logits.subarray(at, at + vocabSize)).token, `row ${at / vocabSize}, gap ${gap}`).toBe(token)
  }
  // The bound leaves most rows to be compared.
  expect(compared).toBeGreaterThan(tokens.length / 2)
}

/** The same for precision int8, within its own bounds. */
async function expectInt8(model: Model, reference: Reference): Promise<void> {
  const { vocabSize, feedForward } = model.spec
  const tokens = someTokens(100, vocabSize)
  const expected = await reference.logits(tokens)
  const logits = await model.logits(tokens, { rows: 'all' })
  const mixture = feedForward.some(({ kind }) => kind === 'experts')
  const errors = tokens.map((_, row) => {
    const range = [row * vocabSize, (row + 1) * vocabSize] as const
    return nmse(logits.subarray(...range), expected.subarray(...range))
  })
  errors.sort((a, b) => a - b)
  expect(errors[50]).toBeLessThan(int8RowLimit)
  expect(nmse(logits, expected)).toBeLessThan(mixture ? int8Limit.mixture : int8Limit.dense)
}

const checkpoints: [string, ConfigName, CheckpointOptions][] = [
  ['Llama with llama3 rotation, F32', 'llama', {}],
  ['Llama, F16, in shards', 'llama', { dtype: 'F16', shards: 3, seed: 2 }],
  ['Llama with a tied embedding, BF16', 'llamaTied', { dtype: 'BF16' }],
  ['Qwen3 with a tied embedding, F16', 'qwen3', { dtype: 'F16' }],
  ['Qwen3-MoE with a dense layer, F32', 'qwen3Moe', {}],
  ['Qwen3-MoE, BF16, in shards', 'qwen3Moe', { dtype: 'BF16', shards: 2, seed: 3 }],
]

describe.each(checkpoints)('%s, not quantized', (_, name, options) => {
  it('decodes the greedy tokens of a float64 pass', async () => {
    const folder = writeCheckpoint(configs[name], options)
    const reference = await openReference(folder)
    await using model = await load(folder, { mode: 'none' })
    await expectLayer6(model, reference, 1e-6)
    const prompt = someTokens(20, model.spec.vocabSize, 11)
    const generation = model.generate(prompt, { maxTokens: 24, temperature: 0, ignoreEnd: true })
    const tokens: number[] = []
    for await (const { token } of generation) tokens.push(token)
    expect(tokens).toEqual(await referenceGreedy(reference, prompt, 24))
  })
})

const formats: Quantization[] = [{ mode: 'fp4' }, { mode: 'fp4', groupSize: 16 }, { mode: 'mxfp4' }, { mode: 'nvfp4' }]

describe.each(formats)('quantized to $mode (group $groupSize)', (quantization) => {
  it.each(['llama', 'llamaTied', 'qwen3', 'qwen3Moe'] as const)(
    '%s agrees with float64 over the dequantized weights',
    async (name) => {
      const folder = writeCheckpoint(configs[name], { dtype: 'BF16' })
      await using model = await load(folder, quantization)
      const reference = await openReference(folder, quantization)
      await expectLayer6(model, reference, 1e-4)
      await using fast = await load(folder, quantization, 'int8')
      expect(fast.describe().precision).toBe('int8')
      await expectInt8(fast, reference)
    },
  )
})
