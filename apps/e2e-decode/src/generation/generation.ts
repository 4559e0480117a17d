/** Text made by a model, as a stream: tokens of the sequence become pieces of text, until something ends it. */
import { failOption } from '../errors.js'
import type { Sequence, StepRequest } from '../model/sequence.js'
import type { Tokenizer } from '../tokenizer.js'
import { StopFilter } from './stop-filter.js'

export interface GeneratedToken {
  /** Text that this token completes; '' in the middle of a character, or while it may belong to a stop string. */
  readonly text: string
  readonly token: number
  /** From 0. */
  readonly index: number
  /** Tokens made so far, after the first one, by the time since that one; 0 for the first. */
  readonly tokensPerSecond: number
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
  /** Prompt tokens computed, by the time until the first token came. */
  readonly promptTokensPerSecond: number
  /** Tokens after the first, by the time that they took; of a single token, by the time until it came. */
  readonly tokensPerSecond: number
  /** `undefined` while the generation has not ended, or was broken off. */
  readonly finishReason: FinishReason | undefined
}

/** What a generation works with; made by the model. */
export interface GenerationPlan {
  readonly prompt: readonly number[]
  readonly request: StepRequest
  readonly stops: readonly string[]
  readonly tokenizer: Tokenizer | undefined
  /** Waits for the sequence to be free; the function returned frees it again. */
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
      finishReason: this.#finishReason,
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
    request.signal?.throwIfAborted()
    const free = await acquire()
    try {
      this.#startMs = performance.now()
      // The step reads the last token of the prompt itself: it makes the first new one from it.
      this.#cached = sequence.keepPrefix(prompt, prompt.length - 1)
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
      for await (const made of sequence.steps(prompt[prompt.length - 1], request)) {
        this.#lastMs = performance.now()
        if (this.#tokens.length === 0) this.#firstMs = this.#lastMs
        for (const token of made) {
          this.#tokens.push(token)
          const filtered = filter.push(stream?.push(token) ?? '')
          this.#finishReason = filtered.stopped ? 'stop' : this.#endedBy(token)
          const tail =
            this.#finishReason === undefined || filtered.stopped ? '' : this.#flush(filter, stream?.end() ?? '')
          const text = filtered.text + tail
          this.#text += text
          const index = this.#tokens.length - 1
          yield { text, token, index, tokensPerSecond: index === 0 ? 0 : rate(index, this.#lastMs - this.#firstMs) }
          if (this.#finishReason !== undefined) return
        }
      }
      this.#finishReason = 'length'
    } finally {
      // Steps that ran beyond what was given out are taken back.
      sequence.truncate(prompt.length + Math.max(this.#tokens.length - 1, 0))
    }
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
