/** How a token is chosen: the settings of a request, and the words that `sample_token` reads them from. */
import { failOption } from '../errors.js'

export interface SamplingOptions {
  /** 0 takes the most likely token. */
  readonly temperature?: number
  /** Keep the smallest set of tokens whose probabilities sum to this. 1: all. */
  readonly topP?: number
  /** Keep this many of the most likely tokens. 0: all. */
  readonly topK?: number
  /** Keep tokens of at least this fraction of the largest probability. 0: all. */
  readonly minP?: number
  /** The same seed, settings and prompt give the same tokens. An integer from 0 to 2^53 - 1; random when left out. */
  readonly seed?: number
}

export type SamplingSettings = Required<SamplingOptions>

/** Words of the settings of `sample_token`. */
export const settingsWords = 6

/** Fills what is left out from `defaults` (a checkpoint's generation_config.json) and checks all. @throws OptionError */
export function resolveSampling(options: SamplingOptions, defaults: SamplingOptions): SamplingSettings {
  const { temperature = 0, topP = 1, topK = 0, minP = 0, seed = randomSeed() } = { ...defaults, ...defined(options) }
  check('temperature', temperature, 'a number from 0 to 100', temperature >= 0 && temperature <= 100)
  check('topP', topP, 'a number above 0 and up to 1', topP > 0 && topP <= 1)
  check('topK', topK, 'an integer of at least 0', Number.isInteger(topK) && topK >= 0 && topK < 2 ** 32)
  check('minP', minP, 'a number from 0 to 1', minP >= 0 && minP <= 1)
  check('seed', seed, 'an integer from 0 to 2^53 - 1', Number.isSafeInteger(seed) && seed >= 0)
  return { temperature, topP, topK, minP, seed }
}

/** temperature, topP and minP as float32 bits, topK, and the seed's low and high word. */
export function encodeSettings({ temperature, topP, topK, minP, seed }: SamplingSettings): Uint32Array {
  const words = new Uint32Array(settingsWords)
  new Float32Array(words.buffer).set([temperature, topP, minP])
  words.set([topK, seed % 2 ** 32, Math.floor(seed / 2 ** 32)], 3)
  return words
}

function check(name: string, value: number, expected: string, right: boolean): void {
  if (!right) failOption('generate', `${name} to be ${expected}`, String(value), 'Leave it out for the default.')
}

function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32)
}

/** Without the entries that are undefined, which would hide a default. */
function defined(options: SamplingOptions): SamplingOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
