/** Reading a prompt: from when all is ready for it (graphs recorded, weights in memory) until the first new token. */
import { type Suite, defineSuite } from '@metal-fp4/bench'
import { models, promptTokens } from './models.js'

/** Rows that a chunk of a prompt has at most: weights are read once for each. */
const chunkRows = 128

export const prefill: Suite = defineSuite({
  name: 'prefill',
  summary:
    'prompt tokens a second, once graphs are recorded, until the first new token; prompts of --m tokens (default 128)',
  async *cases(context) {
    const lengths = (context.filter.m ?? [128]).filter((length) => length > 8)
    if (lengths.length === 0) return
    for await (const { model, name, cached } of models(context)) {
      const { formats, layers, bytesPerToken, precision, activeParameters } = model.describe()
      for (const length of lengths.filter((count) => count < model.contextLength)) {
        let turn = 0
        yield {
          kernel: 'prefill',
          variant: name,
          format: formats.join('+'),
          precision,
          m: length,
          n: model.spec.vocabSize,
          k: model.spec.width,
          bytes: bytesPerToken * Math.ceil(length / chunkRows),
          cached,
          operations: 2 * activeParameters * length,
          tokens: length,
          extra: { layers },
          async run() {
            const generation = model.generate(promptTokens(model, length, turn++), { maxTokens: 1, temperature: 0 })
            for await (const _ of generation);
            return { durationNs: (length * 1e9) / generation.summary.promptTokensPerSecond }
          },
        }
      }
    }
  },
})
