import { writeFileSync } from 'node:fs'
import { createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CheckpointError, ContextOverflowError, OptionError } from '../src/errors.js'
import type { Generation, GenerationSummary } from '../src/generation/generation.js'
import { loadModel } from '../src/load-model.js'
import type { Model } from '../src/model/model.js'
import { cleanUp, configs, writeCheckpoint } from './support/checkpoints.js'

let folder: string
let model: Model

beforeAll(async () => {
  folder = writeCheckpoint(configs.qwen3Moe)
  model = await loadModel(folder, { quantize: 'fp4' })
})
afterAll(async () => {
  await model.dispose()
  cleanUp()
})

async function run(generation: Generation): Promise<GenerationSummary> {
  for await (const _ of generation) continue
  return generation.summary
}

/** What a model that has done nothing else makes. */
async function fresh(prompt: string, options: Parameters<Model['generate']>[1]): Promise<GenerationSummary> {
  await using other = await loadModel(folder, { quantize: 'fp4' })
  return await run(other.generate(prompt, options))
}

const sampled = { temperature: 1.2, topP: 0.95, topK: 50, minP: 0.01, ignoreEnd: true } as const

describe('generate', () => {
  it('streams pieces that make up the text', async () => {
    const generation = model.generate('the cat', { maxTokens: 40, temperature: 0, ignoreEnd: true })
    const pieces: string[] = []
    const tokens: number[] = []
    for await (const { text, token, index } of generation) {
      expect(index).toBe(tokens.length)
      pieces.push(text)
      tokens.push(token)
    }
    const { summary } = generation
    expect(summary).toMatchObject({ text: pieces.join(''), tokens, finishReason: 'length', promptTokens: 6 })
    expect(tokens).toHaveLength(40)
    expect(summary.text).toBe(model.tokenizer!.decode(tokens))
    expect(summary.tokensPerSecond).toBeGreaterThan(0)
    expect(summary.promptTokensPerSecond).toBeGreaterThan(0)
  })

  it('gives the same tokens for the same seed, and others for another', async () => {
    const [a, b, c] = [await run(model.generate('a', { ...sampled, maxTokens: 30, seed: 1 })), await run(model.generate('a', { ...sampled, maxTokens: 30, seed: 1 })), await run(model.generate('a', { ...sampled, maxTokens: 30, seed: 2 ** 40 + 1 }))] // prettier-ignore
    expect(b.tokens).toEqual(a.tokens)
    expect(c.tokens).not.toEqual(a.tokens)
  })

  it('takes tokens for a prompt', async () => {
    const tokens = model.tokenizer!.encode('the cat')
    const [a, b] = [
      await run(model.generate(tokens, { maxTokens: 5 })),
      await run(model.generate('the cat', { maxTokens: 5 })),
    ]
    expect(a.tokens).toEqual(b.tokens)
  })

  it('ends at the end token and counts it', async () => {
    const free = await run(model.generate('end', { ...sampled, seed: 3, maxTokens: 50 }))
    const [first] = free.tokens
    // A model whose end token is one that is sure to come.
    const ending = writeCheckpoint(configs.qwen3Moe)
    writeFileSync(`${ending}/generation_config.json`, JSON.stringify({ eos_token_id: [first, 258] }))
    await using other = await loadModel(ending, { quantize: 'fp4' })
    const ended = await run(other.generate('end', { ...sampled, ignoreEnd: false, seed: 3, maxTokens: 50 }))
    expect(ended).toMatchObject({ tokens: [first], finishReason: 'end' })
  })

  it.each([259, [1, 300000], -1, 'one'])('refuses the end token %j of a checkpoint', async (id) => {
    const wrong = writeCheckpoint(configs.qwen3Moe)
    writeFileSync(`${wrong}/generation_config.json`, JSON.stringify({ eos_token_id: id }))
    await expect(loadModel(wrong)).rejects.toThrow(
      /generation_config.json, "eos_token_id": expected (an integer|integers) from 0 to 258.*, got /,
    )
  })

  it.each([
    ['top_p', 1.5, 'a number above 0 and up to 1'],
    ['temperature', 1000, 'a number above 0 and up to 100'],
    ['min_p', 2, 'a number from 0 to 1'],
  ])('%s %d of a checkpoint is the checkpoint’s fault', async (key, value, expected) => {
    const wrong = writeCheckpoint(configs.qwen3Moe)
    writeFileSync(`${wrong}/generation_config.json`, JSON.stringify({ do_sample: true, [key]: value }))
    const error: unknown = await loadModel(wrong).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CheckpointError)
    expect(error).toMatchObject({ entry: key, message: expect.stringContaining(`expected ${expected}, got`) as string })
  })

  it.each([2, 4])('needs no more than %i submissions in flight', async (maxInFlight) => {
    const options = { ...sampled, seed: 6, maxTokens: 40 }
    const device = await createDevice({ backend: 'cpu', maxInFlight })
    const few = await loadModel(folder, { device })
    expect((await run(few.generate('word after word '.repeat(20), options))).tokens).toEqual(
      (await fresh('word after word '.repeat(20), options)).tokens,
    )
    await few.dispose()
    device.dispose()
  })

  it('computes only what the prompt does not share with what came before', async () => {
    const first = await run(model.generate('a long and winding road', { maxTokens: 4, temperature: 0 }))
    const again = await run(model.generate('a long and winding river', { maxTokens: 4, temperature: 0 }))
    expect(again.cachedPromptTokens).toBeGreaterThanOrEqual(20)
    expect(again.tokens).toEqual((await fresh('a long and winding river', { maxTokens: 4, temperature: 0 })).tokens)
    expect(first.cachedPromptTokens).toBeLessThan(5)
  })

  it('decodes past the blocks of the cache and the splits of attention as a fresh pass does', async () => {
    const { tokens } = await run(model.generate('on and on', { ...sampled, seed: 9, maxTokens: 400 }))
    const prompt = model.tokenizer!.encode('on and on')
    const logits = await model.logits([...prompt, ...tokens.slice(0, -1)], { rows: 'last' })
    const next = await run(model.generate([...prompt, ...tokens.slice(0, -1)], { temperature: 0, maxTokens: 1 }))
    expect(next.tokens).toEqual([logits.indexOf(logits.reduce((a, b) => Math.max(a, b)))])
  })

  it('serves several generations one after the other', async () => {
    const starts = ['x', 'y', 'z'].map((prompt) => run(model.generate(prompt, { maxTokens: 6, temperature: 0 })))
    const results = await Promise.all(starts)
    for (const [i, prompt] of ['x', 'y', 'z'].entries()) {
      expect(results[i].tokens).toEqual((await run(model.generate(prompt, { maxTokens: 6, temperature: 0 }))).tokens)
    }
  })
})

describe('logitsByChunk', () => {
  const tokens = Array.from({ length: 20 }, (_, i) => (37 * i) % 259)

  it('leaves the model to others between chunks, and goes on as if they had not been', async () => {
    const whole = await model.logits(tokens, { rows: 'all', chunk: 4 })
    const options = { ...sampled, seed: 8, maxTokens: 20 }
    const alone = await fresh('between', options)
    const chunks: number[] = []
    for await (const chunk of model.logitsByChunk(tokens, { chunk: 4 })) {
      expect((await run(model.generate('between', options))).tokens).toEqual(alone.tokens)
      const other = model.logitsByChunk(tokens.slice(5), { chunk: 2 })
      await other.next()
      chunks.push(...chunk)
    }
    expect(Float32Array.from(chunks)).toEqual(whole)
  })

  it('may be given up without a word', async () => {
    await model.logitsByChunk(tokens, { chunk: 1 }).next()
    const { finishReason } = await run(model.generate('a', { maxTokens: 2, temperature: 0, ignoreEnd: true }))
    expect(finishReason).toBe('length')
  })
})

describe('a generation that is given up without a word', () => {
  it('keeps others waiting until the model is disposed', async () => {
    const other = await loadModel(folder)
    const given = other.generate('a', { ignoreEnd: true })[Symbol.asyncIterator]()
    await given.next()
    const waiting = run(other.generate('b', { maxTokens: 2 }))
    const outcome = expect(waiting).rejects.toThrow(/expected a live model, got a disposed one/)
    await other.dispose()
    await outcome
  })
})

describe('stop strings', () => {
  it('end the text before them, and leave no trace', async () => {
    const options = { ...sampled, seed: 21, maxTokens: 60 }
    const { text } = await fresh('stop', options)
    const stop = text.slice(10, 14)
    const stopped = await run(model.generate('stop', { ...options, stop: ['never to be seen', stop] }))
    expect(stopped).toMatchObject({ text: text.slice(0, text.indexOf(stop)), finishReason: 'stop' })
    expect(await run(model.generate('stop', options))).toMatchObject({ text })
  })

  it('are refused when empty', () => {
    expect(() => model.generate('a', { stop: '' })).toThrow(OptionError)
  })
})

describe('aborting', () => {
  it('throws the reason and leaves no trace', async () => {
    const options = { ...sampled, seed: 4, maxTokens: 80 }
    const whole = await fresh('abort me', options)
    for (const after of [0, 1, 7, 30]) {
      const controller = new AbortController()
      const generation = model.generate('abort me', { ...options, signal: controller.signal })
      const tokens: number[] = []
      const reason = new Error(`enough after ${after}`)
      const consume = async (): Promise<void> => {
        if (after === 0) controller.abort(reason)
        for await (const { token } of generation) {
          tokens.push(token)
          if (tokens.length === after) controller.abort(reason)
        }
      }
      await expect(consume()).rejects.toBe(reason)
      expect(tokens.length).toBeLessThan(80)
      expect(whole.tokens.slice(0, tokens.length)).toEqual(tokens)
      expect(generation.summary.finishReason).toBeUndefined()
      expect((await run(model.generate('abort me', options))).tokens).toEqual(whole.tokens)
    }
  })

  it('works by leaving the loop', async () => {
    const options = { ...sampled, seed: 5, maxTokens: 80 }
    const whole = await fresh('leave me', options)
    for await (const { index } of model.generate('leave me', options)) if (index === 5) break
    expect((await run(model.generate('leave me', options))).tokens).toEqual(whole.tokens)
  })

  it('works while it waits for the model, and lets the next one in', async () => {
    const options = { ...sampled, seed: 5, maxTokens: 12 }
    const whole = await fresh('wait', options)
    const controller = new AbortController()
    const { signal } = controller
    const first = model.generate('first', options)[Symbol.asyncIterator]()
    await first.next()
    const waiting = [run(model.generate('second', { ...options, signal })), model.logits([1, 2], { signal })]
    const last = run(model.generate('wait', options))
    controller.abort(new Error('no longer'))
    for (const one of waiting) await expect(one).rejects.toThrow('no longer')
    await first.return()
    expect((await last).tokens).toEqual(whole.tokens)
  })

  it('during the prompt leaves no trace either', async () => {
    const prompt = 'word after word '.repeat(40)
    const whole = await fresh(prompt, { maxTokens: 5, temperature: 0 })
    const controller = new AbortController()
    const generation = run(model.generate(prompt, { maxTokens: 5, temperature: 0, signal: controller.signal }))
    setTimeout(() => controller.abort(new Error('stop')), 2)
    await generation.catch(() => undefined)
    expect((await run(model.generate(prompt, { maxTokens: 5, temperature: 0 }))).tokens).toEqual(whole.tokens)
  })
})

describe('limits', () => {
  it('refuses a prompt that does not fit the context', async () => {
    await using short = await loadModel(folder, { context: 16 })
    expect(() => short.generate('a prompt of more than sixteen bytes')).toThrow(ContextOverflowError)
    expect(() => short.generate('a prompt of more than sixteen bytes')).toThrow(
      /expected at most 16 tokens, .* got 3\d/,
    )
    await expect(short.logits(Array.from({ length: 17 }, () => 1))).rejects.toThrow(ContextOverflowError)
  })

  it('fills the context to its last position', async () => {
    await using short = await loadModel(folder, { context: 16 })
    const summary = await run(short.generate([1, 2, 3, 4], { temperature: 0, ignoreEnd: true }))
    expect(summary).toMatchObject({ finishReason: 'length' })
    expect(summary.tokens).toHaveLength(13)
    const again = await run(short.generate([1, 2, 3, 4], { temperature: 0, ignoreEnd: true }))
    expect(again.tokens).toEqual(summary.tokens)
  })

  const bad: [string, Parameters<Model['generate']>[1], RegExp][] = [
    ['maxTokens', { maxTokens: 0 }, /expected maxTokens to be an integer of at least 1, got 0/],
    ['temperature', { temperature: NaN }, /expected temperature to be a number from 0 to 100, got NaN/],
    ['topP', { topP: 0 }, /expected topP to be a number above 0 and up to 1, got 0/],
    ['topK', { topK: 1.5 }, /expected topK to be an integer of at least 0, got 1.5/],
    ['minP', { minP: 2 }, /expected minP to be a number from 0 to 1, got 2/],
    ['seed', { seed: -1 }, /expected seed to be an integer from 0 to 2\^53 - 1, got -1/],
  ]
  it.each(bad)('refuses a bad %s', (_, options, message) => {
    expect(() => model.generate('a', options)).toThrow(message)
  })

  it('refuses tokens that do not exist, and no tokens', () => {
    expect(() => model.generate([1, 259])).toThrow(/expected tokens from 0 to 258, got 259 at index 1/)
    expect(() => model.generate([])).toThrow(/expected at least one token, got none/)
  })

  it('refuses bad options of loading', async () => {
    await expect(loadModel(folder, { context: 2000 })).rejects.toThrow(
      /expected context to be an integer from 1 to 1024/,
    )
    await expect(loadModel(folder, { quantize: 'mxfp4', groupSize: 64 })).rejects.toThrow(
      /expected groupSize 32, which mxfp4 defines/,
    )
    await expect(loadModel(folder, { quantize: 'fp4', groupSize: 20 })).rejects.toThrow(
      /expected groupSize to be a multiple of 8/,
    )
    await expect(loadModel(folder, { quantize: 'int4' as 'fp4' })).rejects.toThrow(
      /expected quantize none, fp4, mxfp4 or nvfp4/,
    )
  })

  it('refuses work after it was disposed, and ends what is under way', async () => {
    const other = await loadModel(folder)
    const disposed = /expected a live model, got a disposed one/
    const inside = async (): Promise<void> => {
      const generation = other.generate('a', { maxTokens: 500, temperature: 0, ignoreEnd: true })
      for await (const { index } of generation) if (index === 3) await other.dispose()
    }
    const waiting = run(other.generate('b', { maxTokens: 5 }))
    waiting.catch(() => undefined)
    await expect(inside()).rejects.toThrow(disposed)
    await waiting.catch((error: unknown) => expect(String(error)).toMatch(disposed))
    expect(() => other.generate('a')).toThrow(disposed)
    await expect(other.logits([1])).rejects.toThrow(disposed)
    await other.dispose()
  })

  it('can be disposed at any moment', async () => {
    for (const ms of [0, 1, 2, 4, 8, 16]) {
      const other = await loadModel(folder)
      const generating = run(other.generate('word after word '.repeat(40), { temperature: 0, ignoreEnd: true }))
      const outcome = generating.catch((error: unknown) => error)
      await new Promise((resolve) => setTimeout(resolve, ms))
      await other.dispose()
      const result = await outcome
      // The whole context is filled, or the generation ends because of this.
      if (result instanceof Error) expect(result.message).toMatch(/expected a live model, got a disposed one/)
      else expect(result).toMatchObject({ finishReason: 'length' })
    }
  })
})
