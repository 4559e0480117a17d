/** Decode at batch 1, as a user sees it: tokens after the first, by the time that they take. */
import { type Suite, defineSuite } from '@metal-fp4/bench'
import type { GenerationSummary, Model } from '../src/index.js'
import { models, promptTokens } from './models.js'
import { profileOfStep, profilingDevice } from './profile.js'

const promptLength = 16
/** Tokens of a text, of which the first is the prompt's: more of them where they take little, so that beginning and end are little of it. */
const textTokens = { large: 33, small: 129 }

export const decode: Suite = defineSuite({
  name: 'decode',
  summary: 'tokens a second at batch 1: the default model, and a geometry with synthetic weights in each format',
  async *cases(context) {
    if (!(context.filter.m ?? [1]).includes(1)) return
    using profiling = profilingDevice(context.device)
    for await (const { model, name, cached } of models(context)) {
      const { formats, layers, bytesPerToken, precision, activeParameters } = model.describe()
      const tokens = cached ? textTokens.small : textTokens.large
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
        extra: { layers, bytesPerToken, promptLength, textTokens: tokens },
        async run() {
          const summary = await generate(model, tokens, turn++)
          const repeats = summary.tokens.length - 1
          return { durationNs: repeats * timeOfStep(summary), repeats }
        },
        profile: () => profileOfStep(profiling, async () => timeOfStep(await generate(model, tokens, turn++))),
      }
    }
  },
})

async function generate(model: Model, maxTokens: number, turn: number): Promise<GenerationSummary> {
  const prompt = promptTokens(model, promptLength, turn)
  const generation = model.generate(prompt, { maxTokens, temperature: 0, ignoreEnd: true })
  for await (const _ of generation);
  return generation.summary
}

/** Nanoseconds from one token to the next, as the caller sees them; the first token is the prompt's. */
function timeOfStep({ tokensPerSecond }: GenerationSummary): number {
  return 1e9 / tokensPerSecond
}
