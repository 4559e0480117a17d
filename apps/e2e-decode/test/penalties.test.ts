/** Penalties and log-probabilities of whole generations, against the same computed on the host from the model's logits. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OptionError } from '../src/errors.js'
import type { GenerateOptions } from '../src/generation/options.js'
import { loadModel } from '../src/load-model.js'
import type { Model } from '../src/model/model.js'
import { cleanUp, configs, writeCheckpoint } from './support/checkpoints.js'

let folder: string
let model: Model
beforeAll(async () => {
  folder = writeCheckpoint(configs.qwen3)
  model = await loadModel(folder, { threads: 1 })
})
afterAll(async () => {
  await model.dispose()
  cleanUp()
})

const prompt = [116, 104, 101, 32, 99, 97, 116, 32, 115, 97, 116, 32, 116, 104]

async function tokensOf(options: GenerateOptions, on: Model = model): Promise<readonly number[]> {
  const generation = on.generate(prompt, { maxTokens: 40, ignoreEnd: true, ...options })
  for await (const _ of generation) continue
  return generation.summary.tokens
}

/** Greedy tokens by the definitions, a forward pass for each: Keskar et al. over the window, then presence and frequency. */
async function byHand(count: number, options: GenerateOptions): Promise<number[]> {
  const { repetitionPenalty = 1, repetitionWindow = 0, presencePenalty = 0, frequencyPenalty = 0 } = options
  const made: number[] = []
  while (made.length < count) {
    const all = [...prompt, ...made]
    // A row at a time, as the decode loop computes them.
    const logits = Float64Array.from(await model.logits(all, { chunk: 1 }))
    for (const token of new Set(repetitionWindow === 0 ? all : all.slice(-repetitionWindow))) {
      logits[token] = logits[token] < 0 ? logits[token] * repetitionPenalty : logits[token] / repetitionPenalty
    }
    for (const token of new Set(made)) {
      const times = made.filter((one) => one === token).length
      logits[token] -= frequencyPenalty * times + presencePenalty
    }
    made.push(logits.indexOf(Math.max(...logits)))
  }
  return made
}

describe('penalties', () => {
  const cases: GenerateOptions[] = [
    { repetitionPenalty: 1.5 },
    { repetitionPenalty: 3, repetitionWindow: 8 },
    { repetitionPenalty: 0.8, repetitionWindow: 3 },
    { presencePenalty: 2 },
    { frequencyPenalty: 0.7 },
    { repetitionPenalty: 1.2, repetitionWindow: 20, presencePenalty: 0.5, frequencyPenalty: -0.3 },
  ]
  it.each(cases)('%o: the tokens are those of the definition', async (options) => {
    const made = await tokensOf({ temperature: 0, ...options })
    expect(made).toEqual(await byHand(40, options))
    expect(made).not.toEqual(await tokensOf({ temperature: 0 }))
  })

  it('that are off change nothing', async () => {
    const plain = await tokensOf({ temperature: 0.9, seed: 3 })
    const off = { repetitionPenalty: 1, repetitionWindow: 5, presencePenalty: 0, frequencyPenalty: 0 }
    expect(await tokensOf({ temperature: 0.9, seed: 3, ...off })).toEqual(plain)
  })

  it('go on counting in a text whose beginning the cache holds', async () => {
    const options = { temperature: 0, repetitionPenalty: 1.6, frequencyPenalty: 0.2 }
    const first = model.generate(prompt, { maxTokens: 10, ignoreEnd: true, ...options })
    for await (const _ of first) continue
    const second = model.generate([...prompt, ...first.summary.tokens], { maxTokens: 10, ignoreEnd: true, ...options })
    for await (const _ of second) continue
    expect(second.summary.cachedPromptTokens).toBeGreaterThan(prompt.length)
    await using other = await loadModel(folder, { threads: 1 })
    const fresh = other.generate([...prompt, ...first.summary.tokens], { maxTokens: 10, ignoreEnd: true, ...options })
    for await (const _ of fresh) continue
    expect(second.summary.tokens).toEqual(fresh.summary.tokens)
  })

  it('leave no trace when a generation is broken off', async () => {
    const options = { temperature: 0, repetitionPenalty: 2, presencePenalty: 1 }
    const expected = await tokensOf(options)
    for await (const { index } of model.generate(prompt, { ...options, ignoreEnd: true })) if (index === 6) break
    expect(await tokensOf(options)).toEqual(expected)
  })

  it('give the same tokens for the same seed on any number of threads', async () => {
    const options = { temperature: 1, topK: 40, topP: 0.95, seed: 11, repetitionPenalty: 1.3 }
    await using other = await loadModel(folder, { threads: 2 })
    expect(await tokensOf(options, other)).toEqual(await tokensOf(options))
  })

  it.each([
    [{ repetitionPenalty: 0 }, 'repetitionPenalty to be a number from 0.01 to 100'],
    [{ repetitionPenalty: NaN }, 'repetitionPenalty to be a number from 0.01 to 100'],
    [{ repetitionWindow: -1 }, 'repetitionWindow to be an integer of at least 0'],
    [{ presencePenalty: 101 }, 'presencePenalty to be a number from -100 to 100'],
    [{ frequencyPenalty: Infinity }, 'frequencyPenalty to be a number from -100 to 100'],
    [{ logprobs: 101 }, 'logprobs to be an integer from 0 to 100'],
    [{ logprobs: 1.5 }, 'logprobs to be an integer from 0 to 100'],
  ])('%o is refused', (options, message) => {
    expect(() => model.generate(prompt, options)).toThrow(OptionError)
    expect(() => model.generate(prompt, options)).toThrow(message)
  })
})

describe('log-probabilities', () => {
  it('are log softmax of the model’s logits, best first, whatever the sampling', async () => {
    const options = { temperature: 1.3, seed: 5, repetitionPenalty: 1.4, maxTokens: 12, ignoreEnd: true, logprobs: 4 }
    const generation = model.generate(prompt, options)
    const events = []
    for await (const event of generation) events.push(event)
    const { tokens, logprobs } = generation.summary
    expect(logprobs).toHaveLength(12)
    for (const [i, event] of events.entries()) {
      const logits = await model.logits([...prompt, ...tokens.slice(0, i)], { chunk: 1 })
      const largest = Math.max(...logits)
      const total = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0))
      expect(event.logprob).toBeCloseTo(logits[event.token] - total, 9)
      const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a] || a - b)
      expect(event.topLogprobs?.map(({ token }) => token)).toEqual(order.slice(0, 4))
      for (const { token, logprob, text } of event.topLogprobs ?? []) {
        expect(logprob).toBeCloseTo(logits[token] - total, 9)
        expect(text).toBe(model.tokenizer!.decode([token]))
      }
      expect(logprobs![i]).toEqual({ token: event.token, logprob: event.logprob, topLogprobs: event.topLogprobs })
    }
  })

  it('do not change the tokens', async () => {
    const options = { temperature: 0.8, seed: 2 }
    expect(await tokensOf({ ...options, logprobs: 0 })).toEqual(await tokensOf(options))
  })

  it('are left out unless asked for', async () => {
    const generation = model.generate(prompt, { maxTokens: 2, temperature: 0 })
    for await (const event of generation) expect(event).not.toHaveProperty('logprob')
    expect(generation.summary).not.toHaveProperty('logprobs')
  })
})

describe('the summary', () => {
  it('tells the seed that makes the text again', async () => {
    const first = model.generate(prompt, { maxTokens: 20, temperature: 1.5, ignoreEnd: true })
    for await (const _ of first) continue
    expect(await tokensOf({ maxTokens: 20, temperature: 1.5, seed: first.summary.seed })).toEqual(first.summary.tokens)
  })
})
