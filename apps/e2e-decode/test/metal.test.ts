/** Whole models on the Metal device, small ones, with every check of the simulator on: layer 6 of the design without a Mac. */
import type { Device } from '@metal-fp4/metal-core'
import type { SoftwareMetal } from '@metal-fp4/metal-core/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../src/load-model.js'
import type { Quantization } from '../src/model/host-weights.js'
import { openReference } from '../src/reference/index.js'
import { type ConfigName, cleanUp, configs, writeCheckpoint } from './support/checkpoints.js'
import { best, nmse } from './support/compare.js'
import { liveObjects, metalMissing, metalTimeout, openMetal } from './support/metal.js'
import { random } from './support/random.js'

/** As in reference-parity.test.ts. */
const gapBound = 0.05

function someTokens(count: number, vocabSize: number, seed: number): number[] {
  const next = random(seed)
  return Array.from({ length: count }, () => Math.floor(next() * vocabSize))
}

if (metalMissing !== undefined) it.skip(`decodes on the Metal device (${metalMissing})`, () => undefined)
else
  describe('the Metal device', { timeout: metalTimeout }, () => {
    let device: Device
    let provider: SoftwareMetal | undefined
    beforeAll(async () => {
      ;({ device, provider } = await openMetal('checked'))
    }, metalTimeout)
    afterAll(cleanUp)

    const models: [ConfigName, Quantization][] = [
      ['llama', { mode: 'nvfp4' }],
      ['qwen3', { mode: 'fp4', groupSize: 16 }],
      ['qwen3Moe', { mode: 'mxfp4' }],
      ['qwen3Moe', { mode: 'none' }],
    ]
    it.each(models)('%s, %o: logits of prompts and steps are those of float64', async (name, quantization) => {
      const { mode: quantize, groupSize } = quantization
      const folder = writeCheckpoint(configs[name], { dtype: 'BF16' })
      const reference = await openReference(folder, quantization)
      const options = { device, quantize, context: 64, ...(groupSize === undefined ? {} : { groupSize }) }
      await using model = await loadModel(folder, options)
      const { vocabSize } = model.spec
      const tokens = someTokens(13, vocabSize, 5)
      const expected = await reference.logits(tokens)
      // Chunks of 10 take the kernels for many rows, the rest of 3 those for few.
      const logits = await model.logits(tokens, { rows: 'all', chunk: 10 })
      expect(nmse(logits, expected)).toBeLessThanOrEqual(1e-4)
      for (let at = 0; at < expected.length; at += vocabSize) {
        const { token, gap } = best(expected.subarray(at, at + vocabSize))
        if (gap > gapBound) expect(best(logits.subarray(at, at + vocabSize)).token).toBe(token)
      }

      // Steps: the graph that is recorded once, sampling included.
      const generation = model.generate(tokens, { maxTokens: 4, temperature: 0, ignoreEnd: true })
      const made = [...tokens]
      for await (const { token } of generation) made.push(token)
      expect(made).toHaveLength(17)
      const whole = await reference.logits(made.slice(0, -1))
      for (const [i, token] of made.entries()) {
        if (i < 13) continue
        const row = best(whole.subarray((i - 1) * vocabSize, i * vocabSize))
        if (row.gap > gapBound) expect(token).toBe(row.token)
      }
    })

    it('rows of 2..8 have the bits of one row at a time', async () => {
      const folder = writeCheckpoint(configs.qwen3Moe, { dtype: 'F16' })
      await using model = await loadModel(folder, { device, quantize: 'nvfp4', context: 64 })
      const tokens = someTokens(9, model.spec.vocabSize, 6)
      const one = new Uint32Array((await model.logits(tokens, { rows: 'all', chunk: 1 })).buffer)
      for (const chunk of [2, 5, 8]) {
        const several = new Uint32Array((await model.logits(tokens, { rows: 'all', chunk })).buffer)
        expect(
          several.findIndex((bits, i) => bits !== one[i]),
          `chunks of ${chunk}`,
        ).toBe(-1)
      }
    })

    it('penalties and seeds give the tokens of the CPU', async () => {
      const folder = writeCheckpoint(configs.llama, { dtype: 'F16' })
      const prompt = someTokens(9, 259, 8)
      const options = { repetitionPenalty: 1.4, repetitionWindow: 6, presencePenalty: 0.3, frequencyPenalty: 0.2 }
      const sampled = { ...options, temperature: 0.9, topK: 30, seed: 4, maxTokens: 8, ignoreEnd: true, logprobs: 2 }
      const made: (readonly number[])[] = []
      for (const where of [device, 'cpu'] as const) {
        await using model = await loadModel(folder, { device: where, context: 64, precision: 'float32' })
        const generation = model.generate(prompt, sampled)
        for await (const { topLogprobs } of generation) expect(topLogprobs).toHaveLength(2)
        made.push(generation.summary.tokens)
      }
      expect(made[0]).toEqual(made[1])
    })

    it('nothing that Metal would refuse, and nothing is left of it', async () => {
      device.dispose()
      ;(device as unknown) = undefined
      if (provider === undefined) return // Metal itself says nothing of either.
      expect(provider.softwareMetal.validationErrors()).toEqual([])
      expect(await liveObjects(provider)).toEqual({})
    })
  })
