/** The options of verbs that make text: how long, and how tokens are chosen. */
import type { Command } from 'commander'
import type { GenerateOptions } from '../generation/options.js'
import { integer, number, positive } from './options.js'

export interface SamplingFlags {
  readonly maxTokens?: number
  readonly maxNewTokens?: number
  readonly temp?: number
  readonly topP?: number
  readonly topK?: number
  readonly minP?: number
  readonly repetitionPenalty?: number
  readonly repetitionWindow?: number
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  readonly seed?: number
  readonly stop?: string[]
  readonly logprobs?: number
}

const largestWord = 2 ** 32 - 1

/** `defaultMaxTokens` is only told; `generateOptions` gives what the flags say. */
export function addSamplingOptions(command: Command, defaultMaxTokens: string): Command {
  return command
    .option('-n, --max-tokens <n>', `tokens to make at most (default: ${defaultMaxTokens})`, integer(1))
    .option('--max-new-tokens <n>', 'the same as --max-tokens', integer(1))
    .option(
      '--temp <x>',
      'temperature; 0 takes the most likely token (default: what the model recommends, else 0)',
      number(0, 100),
    )
    .option(
      '--top-p <x>',
      'keep the likeliest tokens up to this sum of probabilities (default: the model’s, else 1)',
      positive(1),
    )
    .option(
      '--top-k <n>',
      'keep this many of the likeliest tokens; 0 keeps all (default: the model’s, else 0)',
      integer(0, largestWord),
    )
    .option('--min-p <x>', 'keep tokens of at least this share of the largest probability (default: 0)', number(0, 1))
    .option(
      '--repetition-penalty <x>',
      'divide the logits of tokens that were there before by this; 1 is off (default: the model’s, else 1)',
      number(0.01, 100),
    )
    .option(
      '--repetition-window <n>',
      'how many of the last tokens that looks at; 0: all (default: 0)',
      integer(0, largestWord),
    )
    .option('--presence-penalty <x>', 'take this off the logits of tokens made before (default: 0)', number(-100, 100))
    .option(
      '--frequency-penalty <x>',
      'take this off for each time that a token was made before (default: 0)',
      number(-100, 100),
    )
    .option('--seed <n>', 'the same seed gives the same text (default: random)', integer(0))
    .option('--stop <text>', 'end before this text; may be given several times (default: none)', collect)
    .option(
      '--logprobs <n>',
      'with --json: log-probabilities of each token and of the n likeliest (default: none)',
      integer(0, 100),
    )
}

/** The flags as `model.generate` takes them. */
export function generateOptions(flags: SamplingFlags, defaultMaxTokens: number): GenerateOptions {
  const { temp, topP, topK, minP, seed, stop, logprobs } = flags
  const { repetitionPenalty, repetitionWindow, presencePenalty, frequencyPenalty } = flags
  const maxTokens = flags.maxTokens ?? flags.maxNewTokens ?? defaultMaxTokens
  const penalties = { repetitionPenalty, repetitionWindow, presencePenalty, frequencyPenalty }
  const given = { maxTokens, temperature: temp, topP, topK, minP, ...penalties, seed, stop, logprobs }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** Gathers the values of an option that may be given several times. */
function collect(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text]
}
