import { afterAll, describe, expect, it } from 'vitest'
import { loadModel } from '../src/load-model.js'
import { measurePerplexity, splitDocuments } from '../src/perplexity.js'
import { openReference } from '../src/reference/index.js'
import { cleanUp, configs, writeCheckpoint } from './support/checkpoints.js'
import { endOfText } from './support/tokenizer-files.js'

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
    expect(result).toMatchObject({ tokens: count, documents: 2, truncated: 0 })
    expect(result.meanLogLikelihood).toBeCloseTo(sum / count, 2)
    expect(result.perplexity).toBe(Math.exp(-result.meanLogLikelihood))
  })

  it('cuts documents at the context and says so', async () => {
    await using model = await loadModel(writeCheckpoint(configs.llama), { context: 16 })
    const result = await measurePerplexity(model, ['short', 'this one is longer than sixteen tokens'])
    expect(result).toMatchObject({ documents: 2, truncated: 1, tokens: 6 + 16 })
  })

  it('splits files at the end of text', () => {
    expect(splitDocuments('\none<|endoftext|>\n two \n<|endoftext|>\n')).toEqual(['one', 'two'])
  })

  it('needs documents', async () => {
    await using model = await loadModel(writeCheckpoint(configs.llama))
    await expect(measurePerplexity(model, [])).rejects.toThrow(/expected at least one document, got none/)
  })
})
