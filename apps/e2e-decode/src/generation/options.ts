/** The options of a generation. */
import { describe, failOption } from '../errors.js'
import type { SamplingOptions } from '../model/sampler-settings.js'
import type { Tokenizer } from '../tokenizer.js'

export interface GenerateOptions extends SamplingOptions {
  /** Tokens to make at most. Default: until the text ends or the context is full. */
  readonly maxTokens?: number
  /** Texts at which the generation ends; they are not part of the result. */
  readonly stop?: string | readonly string[]
  /**
   * Gives each token its log-probability, and this many of the likeliest tokens with theirs: 0 to 100. They are what the model says,
   * before temperature, filters and penalties. The host then reads the logits of every step and waits for it. Default: none.
   */
  readonly logprobs?: number
  /** Go on when the model says that the text has ended (for benchmarks). */
  readonly ignoreEnd?: boolean
  /** Ends the generation: iteration throws its reason. The model can be used again, as if nothing had happened. */
  readonly signal?: AbortSignal
}

/** The stop strings as a list. @throws OptionError */
export function stopStrings(stop: GenerateOptions['stop']): readonly string[] {
  const list: readonly unknown[] = stop === undefined ? [] : typeof stop === 'string' ? [stop] : stop
  if (!Array.isArray(list) || list.some((text) => typeof text !== 'string' || text === '')) {
    failOption('generate', 'stop to be texts that are not empty', describe(stop), 'Leave it out for none.')
  }
  return list as readonly string[]
}

/** @throws OptionError */
export function checkMaxTokens(maxTokens: number): void {
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1) {
    failOption(
      'generate',
      'maxTokens to be an integer of at least 1',
      describe(maxTokens),
      'Leave it out for no limit.',
    )
  }
}

/** @throws OptionError */
export function checkLogprobs(logprobs: number): void {
  if (!Number.isInteger(logprobs) || logprobs < 0 || logprobs > 100) {
    failOption('generate', 'logprobs to be an integer from 0 to 100', describe(logprobs), 'Leave it out for none.')
  }
}

/** @throws OptionError for a token that the model does not have. */
export function checkTokens(op: string, tokens: readonly number[], vocabSize: number): void {
  const bad = tokens.findIndex((token) => !Number.isInteger(token) || token < 0 || token >= vocabSize)
  if (bad >= 0) {
    const fix = 'Encode the text with this model’s tokenizer.'
    failOption(op, `tokens from 0 to ${vocabSize - 1}`, `${describe(tokens[bad])} at index ${bad}`, fix)
  }
}

/** The tokens of a prompt: a text, or tokens already. @throws OptionError */
export function promptTokens(
  prompt: string | readonly number[],
  tokenizer: Tokenizer | undefined,
  vocabSize: number,
): readonly number[] {
  if (typeof prompt !== 'string') {
    if (!Array.isArray(prompt)) failOption('generate', 'a prompt (text or tokens)', describe(prompt), 'Pass a string.')
    if (prompt.length === 0) failOption('generate', 'at least one token', 'none', 'Pass the tokens of a prompt.')
    checkTokens('generate', prompt, vocabSize)
    return [...(prompt as readonly number[])]
  }
  if (tokenizer === undefined) {
    failOption('generate', 'token ids, since the model has no tokenizer', 'a text', 'Pass ids, as in [1, 2, 3].')
  }
  const tokens = tokenizer.encode(prompt)
  if (tokens.length === 0) failOption('generate', 'a prompt that is not empty', describe(prompt), 'Begin the text.')
  checkTokens('generate', tokens, vocabSize)
  return tokens
}
