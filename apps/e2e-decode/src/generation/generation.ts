/** Text made by a model, as a stream: tokens of the sequence become pieces of text, until something ends it. */
import { failOption } from '../errors.js'
import type { Sequence, StepRequest } from '../model/sequence.js'
import type { Tokenizer } from '../tokenizer.js'
import { type TokenLogprob, type TokenLogprobs, logprobsOf } from './logprobs.js'
import { StopFilter } from './stop-filter.js'

export interface GeneratedToken {
  /** Text that this token completes; '' in the middle of a character, or while it may belong to a stop string. */
  readonly text: string
  readonly token: number
  /** From 0. */
  readonly index: number
  /** Tokens made so far, after the first one, by the time since that one; 0 for the first. */
  readonly tokensPerSecond: number
  /** With the option `logprobs`: the log-probability of the token, and of the likeliest tokens, best first. */
  readonly logprob?: number
  readonly topLogprobs?: readonly TokenLogprob[]
}

/** `end`: the model ended its text. `stop`: a stop string came. `length`: maxTokens, or the context is full. */
export type FinishReason = 'end' | 'stop' | 'length'

export interface GenerationSummary {
  readonly text: string
  /** Every token made, the one that ended the text included. */
  readonly tokens: readonly number[]
  /** Tokens of the prompt, and how many of them the cache still held from before. */
  readonly promptTokens: number
  readonly cachedPromptTokens: number
  /** Prompt tokens computed, by the time from when all was ready for them (graphs recorded, weights in memory) to the first token. */
  readonly promptTokensPerSecond: number
  /** From the beginning to the first token, what is done once included. */
  readonly timeToFirstTokenMs: number
  /** Tokens after the first, by the time that they took; of a single token, by the time until it came. */
  readonly tokensPerSecond: number
  /** `undefined` while the generation has not ended, or was broken off. */
  readonly finishReason: FinishReason | undefined
  /** The seed that tokens were drawn with: given again, it makes them again. */
  readonly seed: number
  /** Of every token, with the option `logprobs`. */
  readonly logprobs?: readonly TokenLogprobs[]
}

/** What a generation works with; made by the model. */
export interface GenerationPlan {
  readonly prompt: readonly number[]
  readonly request: StepRequest
  readonly stops: readonly string[]
  /** Likeliest tokens to tell with each; `undefined` for no log-probabilities. */
  readonly logprobs: number | undefined
  readonly tokenizer: Tokenizer | undefined
  /** Waits for the sequence to be free, unless the request's signal is aborted; the function returned frees it again. */
  readonly acquire: () => Promise<() => void>
  readonly sequence: Sequence
}

/** Iterate over it once; `summary` then tells how it went. */
export class Generation implements AsyncIterable<GeneratedToken> {
  readonly #plan: GenerationPlan
  #started = false
  #text = ''
  readonly #tokens: number[] = []
  #cached = 0
  #finishReason: FinishReason | undefined
  readonly #logprobs: TokenLogprobs[] = []
  #beginMs = 0
  #startMs = 0
  #firstMs = 0
  #lastMs = 0

  /** Use `model.generate`. */
  constructor(plan: GenerationPlan) {
    this.#plan = plan
  }

  /** What was made so far; of the whole once iteration has ended. */
  get summary(): GenerationSummary {
    const { prompt } = this.#plan
    const count = this.#tokens.length
    const untilFirst = this.#firstMs - this.#startMs
    return {
      text: this.#text,
      tokens: [...this.#tokens],
      promptTokens: prompt.length,
      cachedPromptTokens: this.#cached,
      promptTokensPerSecond: count === 0 ? 0 : rate(prompt.length - this.#cached, untilFirst),
      tokensPerSecond:
        count === 0 ? 0 : count === 1 ? rate(1, untilFirst) : rate(count - 1, this.#lastMs - this.#firstMs),
      timeToFirstTokenMs: count === 0 ? 0 : this.#firstMs - this.#beginMs,
      finishReason: this.#finishReason,
      seed: this.#plan.request.settings.seed,
      ...(this.#plan.logprobs === undefined ? {} : { logprobs: [...this.#logprobs] }),
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<GeneratedToken, void, undefined> {
    if (this.#started) {
      failOption(
        'generate',
        'a generation to be iterated over once',
        'a second iteration',
        'Call model.generate again.',
      )
    }
    this.#started = true
    const { prompt, request, sequence, acquire } = this.#plan
    const free = await acquire()
    try {
      this.#beginMs = performance.now()
      // The step reads the last token of the prompt itself: it makes the first new one from it.
      this.#cached = sequence.keepPrefix(prompt, prompt.length - 1)
      await sequence.warmUp(prompt[0], prompt.length - 1 - this.#cached, request)
      this.#startMs = performance.now()
      await sequence.append(prompt.slice(this.#cached, -1), request.signal)
      yield* this.#pieces()
    } finally {
      free()
    }
  }

  async *#pieces(): AsyncGenerator<GeneratedToken, void, undefined> {
    const { prompt, request, stops, tokenizer, sequence } = this.#plan
    const stream = tokenizer?.stream(prompt)
    const filter = new StopFilter(stops)
    try {
      for await (const { tokens: made, logits } of sequence.steps(prompt[prompt.length - 1], request)) {
        this.#lastMs = performance.now()
        if (this.#tokens.length === 0) this.#firstMs = this.#lastMs
        for (const token of made) {
          // Whoever aborts is given nothing more, although it has been made.
          request.signal?.throwIfAborted()
          this.#tokens.push(token)
          const filtered = filter.push(stream?.push(token) ?? '')
          this.#finishReason = filtered.stopped ? 'stop' : this.#endedBy(token)
          const tail =
            this.#finishReason === undefined || filtered.stopped ? '' : this.#flush(filter, stream?.end() ?? '')
          const text = filtered.text + tail
          this.#text += text
          const index = this.#tokens.length - 1
          const tokensPerSecond = index === 0 ? 0 : rate(index, this.#lastMs - this.#firstMs)
          yield { text, token, index, tokensPerSecond, ...this.#logprobsOf(token, logits) }
          if (this.#finishReason !== undefined) return
        }
      }
      this.#finishReason = 'length'
    } finally {
      // Steps that ran beyond what was given out are taken back.
      sequence.truncate(prompt.length + Math.max(this.#tokens.length - 1, 0))
    }
  }

  #logprobsOf(token: number, logits: Float32Array | undefined): Partial<TokenLogprobs> {
    const { logprobs: count, tokenizer } = this.#plan
    if (count === undefined || logits === undefined) return {}
    const { logprob, topLogprobs } = logprobsOf(logits, token, count, tokenizer)
    this.#logprobs.push({ token, logprob, topLogprobs })
    return { logprob, topLogprobs }
  }

  #endedBy(token: number): FinishReason | undefined {
    const { request } = this.#plan
    if (request.endTokens.includes(token)) return 'end'
    return this.#tokens.length >= request.limit ? 'length' : undefined
  }

  /** The rest of the text at the end; a stop string may still hide in it. */
  #flush(filter: StopFilter, rest: string): string {
    const { text, stopped } = filter.push(rest)
    if (stopped) this.#finishReason = 'stop'
    return stopped ? text : text + filter.end()
  }
}

function rate(count: number, ms: number): number {
  return ms > 0 ? (count * 1000) / ms : 0
}
