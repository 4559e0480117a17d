/** Decode at batch 1, as a user sees it: tokens after the first, by the time that they take. */
import { type Suite, defineSuite } from '@metal-fp4/bench'
import { models, promptTokens } from './models.js'
import { partsOf, profilingDevice } from './profile.js'

const promptLength = 16
const tokensPerSample = 33

export const decode: Suite = defineSuite({
  name: 'decode',
  summary: 'tokens a second at batch 1: the default model, and a geometry with synthetic weights in each format',
  async *cases(context) {
    if (!(context.filter.m ?? [1]).includes(1)) return
    using profiling = profilingDevice(context.device)
    for await (const { model, name, cached } of models(context)) {
      const { formats, layers, bytesPerToken, precision, activeParameters } = model.describe()
      let turn = 0
      yield {
        kernel: 'decode',
        variant: name,
        format: formats.join('+'),
        precision,
        m: 1,
        n: model.spec.vocabSize,
        k: model.spec.width,
        bytes: bytesPerToken,
        cached,
        operations: 2 * activeParameters,
        tokens: 1,
        extra: { layers, bytesPerToken, promptLength },
        async run() {
          const prompt = promptTokens(model, promptLength, turn++)
          const generation = model.generate(prompt, { maxTokens: tokensPerSample, temperature: 0, ignoreEnd: true })
          for await (const _ of generation);
          const { tokens, tokensPerSecond } = generation.summary
          const repeats = tokens.length - 1
          return { durationNs: (repeats * 1e9) / tokensPerSecond, repeats }
        },
        async profile() {
          const submissions = await profiling.record(async () => {
            const options = { maxTokens: tokensPerSample, temperature: 0, ignoreEnd: true }
            for await (const _ of model.generate(promptTokens(model, promptLength, turn++), options));
          })
          // Steps end with a token; passes over the prompt do not.
          return partsOf(submissions.filter((dispatches) => dispatches.some(({ kernel }) => kernel === 'advance_step')))
        },
      }
    }
  },
})
