import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadModel } from '../src/load-model.js'
import { measurePerplexity, splitDocuments } from '../src/perplexity.js'
import { openReference } from '../src/reference/index.js'
import { cleanUp, configs, writeCheckpoint } from './support/checkpoints.js'
import { endOfText, tokenizerJson } from './support/tokenizer-files.js'

afterAll(cleanUp)

describe('perplexity', () => {
  it('is that of the float64 pass, over each document by itself', async () => {
    const folder = writeCheckpoint(configs.llama)
    const documents = ['the first one', 'and the second, which is longer']
    const reference = await openReference(folder)
    await using model = await loadModel(folder, { quantize: 'none' })
    let sum = 0
    let count = 0
    for (const document of documents) {
      const tokens = [endOfText, ...model.tokenizer!.encode(document, { special: false }), endOfText]
      const logits = await reference.logits(tokens.slice(0, -1))
      for (let row = 0; row + 1 < tokens.length; row++) {
        const values = logits.subarray(row * 259, (row + 1) * 259)
        const total = values.reduce((all, logit) => all + Math.exp(logit), 0)
        sum += Math.log(Math.exp(values[tokens[row + 1]]) / total)
        count++
      }
    }
    const result = await measurePerplexity(model, documents)
    expect(result).toMatchObject({ tokens: count, documents: 2, windowed: 0 })
    expect(result.meanLogLikelihood).toBeCloseTo(sum / count, 2)
    expect(result.perplexity).toBe(Math.exp(-result.meanLogLikelihood))
  })

  it.each([
    [undefined, 8],
    [5, 5],
    [16, 16],
  ])(
    'windows of the context with stride %s: each token counts once, behind what its window holds',
    async (given, stride) => {
      const folder = writeCheckpoint(configs.llama)
      const document = 'this one is quite a bit longer than sixteen tokens'
      const reference = await openReference(folder)
      await using model = await loadModel(folder, { quantize: 'none', context: 16 })
      const tokens = [endOfText, ...model.tokenizer!.encode(document, { special: false }), endOfText]
      let sum = 0
      for (let at = 1; at < tokens.length; at++) {
        // The first window that reaches the token has it as a target.
        const start = Math.max(0, Math.ceil((at - 16) / stride)) * stride
        const logits = (await reference.logits(tokens.slice(start, at))).subarray(-259)
        const total = logits.reduce((all, logit) => all + Math.exp(logit), 0)
        sum += Math.log(Math.exp(logits[tokens[at]]) / total)
      }
      const options = given === undefined ? {} : { stride: given }
      const result = await measurePerplexity(model, [document, 'short'], options)
      const alone = await measurePerplexity(model, ['short'])
      expect(result).toMatchObject({ documents: 2, windowed: 1, tokens: tokens.length - 1 + alone.tokens })
      const long = result.meanLogLikelihood * result.tokens - alone.meanLogLikelihood * alone.tokens
      expect(long / (tokens.length - 1)).toBeCloseTo(sum / (tokens.length - 1), 2)
    },
  )

  it('refuses a stride that would leave tokens out', async () => {
    await using model = await loadModel(writeCheckpoint(configs.llama), { context: 16 })
    for (const stride of [0, 1.5, 17]) {
      await expect(measurePerplexity(model, ['a text'], { stride })).rejects.toThrow(
        /stride to be an integer from 1 to 16/,
      )
    }
  })

  it('begins with the token that the tokenizer begins with, and scores no end that the model does not have', async () => {
    const folder = writeCheckpoint({ ...configs.llama, eos_token_id: 7 })
    const renamed = JSON.stringify(tokenizerJson()).replaceAll('<|endoftext|>', '<s>')
    writeFileSync(join(folder, 'tokenizer.json'), renamed)
    const reference = await openReference(folder)
    const expected = async (begin: number): Promise<number> => {
      const tokens = [begin, 97, 98]
      const logits = await reference.logits(tokens.slice(0, -1))
      return [0, 1].reduce((sum, row) => {
        const values = logits.subarray(row * 259, (row + 1) * 259)
        return sum + values[tokens[row + 1]] - Math.log(values.reduce((all, logit) => all + Math.exp(logit), 0))
      }, 0)
    }
    for (const [begin, config] of [
      [endOfText, { bos_token: '<s>', add_bos_token: true }],
      [7, {}],
    ] as const) {
      writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config))
      await using model = await loadModel(folder, { quantize: 'none' })
      expect(model.tokenizer!.encode('ab', { special: false })).toEqual([97, 98])
      const result = await measurePerplexity(model, ['ab'])
      expect(result.tokens).toBe(2)
      expect(result.meanLogLikelihood).toBeCloseTo((await expected(begin)) / 2, 2)
    }
  })

  it('splits files at the end of text', () => {
    expect(splitDocuments('\none<|endoftext|>\n two \n<|endoftext|>\n')).toEqual(['one', 'two'])
  })

  it('needs documents', async () => {
    await using model = await loadModel(writeCheckpoint(configs.llama))
    await expect(measurePerplexity(model, [])).rejects.toThrow(/expected at least one document, got none/)
  })
})
