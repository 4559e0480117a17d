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
  /**
   * Logits of tokens that were there before, in the prompt too, are divided by this where they are above 0, and multiplied where
   * they are below (Keskar et al. 2019; `repetition_penalty` of Hugging Face). Above 1 discourages. 1: off.
   */
  readonly repetitionPenalty?: number
  /** How many of the last tokens `repetitionPenalty` looks at. 0: all. */
  readonly repetitionWindow?: number
  /** Taken off the logit of every token that this generation has made; -100 to 100. 0: off. */
  readonly presencePenalty?: number
  /** Taken off the logit of a token for each time that this generation has made it; -100 to 100. 0: off. */
  readonly frequencyPenalty?: number
  /** The same seed, settings and prompt give the same tokens. An integer from 0 to 2^53 - 1; random when left out. */
  readonly seed?: number
}

export type SamplingSettings = Required<SamplingOptions>

/** Words of the settings of `sample_token`. */
export const settingsWords = 6

/** Fills what is left out from `defaults` (a checkpoint's generation_config.json) and checks all. @throws OptionError */
export function resolveSampling(options: SamplingOptions, defaults: SamplingOptions): SamplingSettings {
  const given: SamplingOptions = { ...defaults, ...defined(options) }
  const { temperature = 0, topP = 1, topK = 0, minP = 0, seed = randomSeed() } = given
  const { repetitionPenalty = 1, repetitionWindow = 0, presencePenalty = 0, frequencyPenalty = 0 } = given
  check('temperature', temperature, 'a number from 0 to 100', temperature >= 0 && temperature <= 100)
  check('topP', topP, 'a number above 0 and up to 1', topP > 0 && topP <= 1)
  check('topK', topK, 'an integer of at least 0', isWord(topK))
  check('minP', minP, 'a number from 0 to 1', minP >= 0 && minP <= 1)
  check('seed', seed, 'an integer from 0 to 2^53 - 1', Number.isSafeInteger(seed) && seed >= 0)
  check(
    'repetitionPenalty',
    repetitionPenalty,
    'a number from 0.01 to 100',
    repetitionPenalty >= 0.01 && repetitionPenalty <= 100,
  )
  check('repetitionWindow', repetitionWindow, 'an integer of at least 0', isWord(repetitionWindow))
  check('presencePenalty', presencePenalty, 'a number from -100 to 100', Math.abs(presencePenalty) <= 100)
  check('frequencyPenalty', frequencyPenalty, 'a number from -100 to 100', Math.abs(frequencyPenalty) <= 100)
  const penalties = { repetitionPenalty, repetitionWindow, presencePenalty, frequencyPenalty }
  return { temperature, topP, topK, minP, seed, ...penalties }
}

/** temperature, topP and minP as float32 bits, topK, and the seed's low and high word. */
export function encodeSettings({ temperature, topP, topK, minP, seed }: SamplingSettings): Uint32Array {
  const words = new Uint32Array(settingsWords)
  new Float32Array(words.buffer).set([temperature, topP, minP])
  words.set([topK, seed % 2 ** 32, Math.floor(seed / 2 ** 32)], 3)
  return words
}

function isWord(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 32
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
