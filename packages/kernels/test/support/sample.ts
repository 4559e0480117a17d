/** Calls of sample_token. */
import { sampleToken } from '../../src/manifest/index.js'
import type { SampleSettings } from '../../src/oracles/sample_token.js'
import { type Target, call } from './call.js'

/** Everything is kept, as the model has it. */
export const defaults: SampleSettings = { temperature: 1, topP: 1, minP: 0, topK: 0, seedLow: 1, seedHigh: 2 }

/** The settings as the kernel reads them. */
export function settingsWords(settings: SampleSettings): Uint32Array {
  const { temperature, topP, minP, topK, seedLow, seedHigh } = settings
  const floats = new Uint32Array(Float32Array.of(temperature, topP, minP).buffer)
  return Uint32Array.of(...floats, topK, seedLow, seedHigh)
}

export interface Sampled {
  readonly problem: { readonly m: number; readonly n: number }
  readonly args: { readonly logits: Float32Array; readonly positions: Uint32Array; readonly settings: Uint32Array }
  readonly tokens: Uint32Array
}

/** Tokens of the kernel for m rows; row m is drawn at position `first` + m. */
export async function sample(
  logits: Float32Array,
  m: number,
  changes: Partial<SampleSettings> = {},
  first = 0,
  target: Target = 'best',
): Promise<Sampled> {
  const positions = Uint32Array.from({ length: m }, (_, i) => first + i)
  const args = {
    logits,
    positions,
    settings: settingsWords({ ...defaults, ...changes }),
    tokens: new Uint32Array(m).fill(0xffffffff),
  }
  const problem = { m, n: logits.length / m }
  await call(sampleToken, { problem, args }, target)
  return { problem, args, tokens: args.tokens }
}
