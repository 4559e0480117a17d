import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Device, createDevice } from '@metal-fp4/metal-core'
import { geometrySpec } from '../src/geometry/geometries.js'
import { fillRandom } from '../src/geometry/synthetic.js'
import { loadModel } from '../src/load-model.js'

let device: Device
beforeAll(async () => {
  device = await createDevice({ backend: 'cpu' })
})
afterAll(() => device.dispose())

describe('geometries', () => {
  it.each([
    ['qwen3-0.6b', 595e6],
    ['llama-3.2-1b', 1236e6],
    ['llama-3-8b', 8030e6],
  ])('%s has the parameters of the original', (name, expected) => {
    const { layers, vocabSize, width, heads, kvHeads, headDim, feedForward, tiedEmbedding } = geometrySpec(name)
    const attention = width * headDim * (heads + 2 * kvHeads) + heads * headDim * width
    const count = layers * (attention + 3 * width * feedForward[0].inner) + vocabSize * width * (tiedEmbedding ? 1 : 2)
    expect(Math.abs(count / expected - 1)).toBeLessThan(0.01)
  })

  it.each(['none', 'fp4', 'mxfp4', 'nvfp4'] as const)(
    'run on synthetic weights in %s with finite logits',
    async (quantize) => {
      const source = { geometry: 'qwen3-0.6b', layers: 2, vocabSize: 500 }
      await using model = await loadModel(source, { device, quantize, context: 64 })
      const logits = await model.logits([1, 2, 3, 499], { rows: 'all' })
      expect(logits.every((logit) => Number.isFinite(logit))).toBe(true)
      // Weights of variance 1/k keep normalized activations near 1.
      const rms = Math.sqrt(logits.reduce((sum, logit) => sum + logit ** 2, 0) / logits.length)
      expect(rms).toBeGreaterThan(0.2)
      expect(rms).toBeLessThan(5)
      const generation = model.generate([5, 6], { maxTokens: 4, temperature: 0 })
      const tokens: number[] = []
      for await (const { token, text } of generation) {
        expect(text).toBe('')
        tokens.push(token)
      }
      expect(tokens).toHaveLength(4)
      expect(() => model.generate('text')).toThrow(/expected token ids, since the model has no tokenizer/)
    },
  )

  it('give every weight memory of its own, whose bytes a step reads', async () => {
    await using model = await loadModel(
      { geometry: 'llama-3.2-1b', layers: 3, vocabSize: 256 },
      { device, quantize: 'mxfp4', context: 64 },
    )
    const { bytesPerToken, weightBytes, parameters } = model.describe()
    expect(bytesPerToken).toBe(weightBytes)
    expect(weightBytes).toBeGreaterThanOrEqual((parameters * 4.25) / 8)
    expect(weightBytes).toBeLessThan(((parameters * 4.25) / 8) * 1.01)
  })

  it('are filled with words that differ', () => {
    const [a, b] = [new Uint32Array(4096), new Uint32Array(4096)]
    fillRandom(a, 1)
    fillRandom(b, 2)
    expect(new Set([...a, ...b]).size).toBeGreaterThan(8190)
    // Every code is as likely as the others: 65,536 draws of 16, within 6 standard deviations.
    const counts = new Array<number>(16).fill(0)
    for (const word of [...a, ...b]) for (let i = 0; i < 8; i++) counts[(word >>> (4 * i)) & 15]++
    for (const count of counts) expect(Math.abs(count - 4096)).toBeLessThan(6 * Math.sqrt(4096))
  })

  it('refuse unknown names and senseless sizes', async () => {
    await expect(loadModel({ geometry: 'gpt-9' })).rejects.toThrow(/expected one of qwen3-0.6b, .*, got "gpt-9"/)
    await expect(loadModel({ geometry: 'qwen3-0.6b', layers: 0 })).rejects.toThrow(
      /expected layers to be an integer from 1/,
    )
  })
})
