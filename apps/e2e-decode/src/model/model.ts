/** A model on a device, ready to generate. */
import type { Device } from '@metal-fp4/metal-core'
import type { ModelSpec } from '../architectures/index.js'
import { Chat, type ChatOptions, type ChatTemplate } from '../chat/index.js'
import { ContextOverflowError, describe, failOption } from '../errors.js'
import { Generation } from '../generation/generation.js'
import {
  type GenerateOptions,
  checkLogprobs,
  checkMaxTokens,
  checkTokens,
  promptTokens,
  stopStrings,
} from '../generation/options.js'
import type { Tokenizer } from '../tokenizer.js'
import { type ModelDescription, describeModel } from './describe.js'
import { Lock } from './lock.js'
import { Passes } from './passes.js'
import type { PassParts } from './record-pass.js'
import { type SamplingOptions, resolveSampling } from './sampler-settings.js'
import { Sequence } from './sequence.js'

/** What a model is made of; see `loadModel`. */
export interface ModelParts extends PassParts {
  readonly device: Device
  /** Folder or geometry, for people. */
  readonly source: string
  /** `undefined` for synthetic weights: prompts are tokens then. */
  readonly tokenizer: Tokenizer | undefined
  readonly endTokens: readonly number[]
  /** How the checkpoint writes down a conversation, where it says so. */
  readonly chatTemplate?: ChatTemplate | undefined
  /** Sampling that the checkpoint's generation_config.json recommends. */
  readonly samplingDefaults: SamplingOptions
  /** Called when the model is disposed, after its own memory is freed. */
  readonly onDispose: () => void
}

export interface LogitsOptions {
  /** 'last': logits of the last token, [vocabSize]; 'all': of every token, [tokens, vocabSize]. Default 'last'. */
  readonly rows?: 'last' | 'all'
  /** Rows computed at once, 1 to 128 (default). The result has the same bits for all of 1 to 8. */
  readonly chunk?: number
  readonly signal?: AbortSignal
}

export class Model implements AsyncDisposable {
  readonly spec: ModelSpec
  readonly device: Device
  readonly tokenizer: Tokenizer | undefined
  /** Positions that the cache has room for. */
  readonly contextLength: number
  readonly #parts: ModelParts
  readonly #passes: Passes
  readonly #sequence: Sequence
  readonly #lock = new Lock()
  /** Whose tokens the cache holds: those of an iteration of `logitsByChunk`, or (`undefined`) of generations. */
  #cacheOf: readonly number[] | undefined
  #disposed = false

  /** Use `loadModel`. */
  constructor(parts: ModelParts) {
    this.#parts = parts
    this.spec = parts.spec
    this.device = parts.device
    this.tokenizer = parts.tokenizer
    this.contextLength = parts.pool.capacity
    this.#passes = new Passes(parts.device, parts, parts.endTokens.length)
    this.#sequence = new Sequence(this.#passes, parts.pool, parts.spec.vocabSize)
  }

  /** Sampling that the checkpoint recommends, and that generations use unless told otherwise. */
  get samplingDefaults(): SamplingOptions {
    return this.#parts.samplingDefaults
  }

  /** Tokens that end a text. */
  get endTokens(): readonly number[] {
    return this.#parts.endTokens
  }

  /**
   * Continues a prompt: a text, or its tokens. Work begins with iteration and ends with it; generations of one model
   * wait for each other. What the prompt shares with what came before is not computed again.
   * @throws OptionError for a bad option, ContextOverflowError for a prompt that does not fit.
   */
  generate(prompt: string | readonly number[], options: GenerateOptions = {}): Generation {
    this.#checkAlive()
    const { samplingDefaults, endTokens } = this.#parts
    const tokens = promptTokens(prompt, this.tokenizer, this.spec.vocabSize)
    const room = this.contextLength - tokens.length
    if (room < 0) this.#overflow('generate', tokens.length)
    const { maxTokens = Infinity, signal, ignoreEnd = false, logprobs } = options
    if (maxTokens !== Infinity) checkMaxTokens(maxTokens)
    if (logprobs !== undefined) checkLogprobs(logprobs)
    const stops = stopStrings(options.stop)
    if (stops.length > 0 && this.tokenizer === undefined) {
      failOption('generate', 'no stop strings for a model without a tokenizer', describe(stops), 'Use maxTokens.')
    }
    return new Generation({
      prompt: tokens,
      // The last token made needs no position of its own.
      request: {
        settings: resolveSampling(options, samplingDefaults),
        limit: Math.min(maxTokens, room + 1),
        endTokens: ignoreEnd ? [] : endTokens,
        logits: logprobs !== undefined,
        signal,
      },
      stops,
      logprobs,
      tokenizer: this.tokenizer,
      acquire: () => this.#acquire(signal),
      sequence: this.#sequence,
    })
  }

  /** Whether the checkpoint says how a conversation is written down. */
  get hasChatTemplate(): boolean {
    return this.#parts.chatTemplate !== undefined
  }

  /** Begins a conversation. The options are those of every answer. @throws OptionError for a model without a tokenizer */
  chat(options: ChatOptions = {}): Chat {
    this.#checkAlive()
    return new Chat(this, this.#parts.chatTemplate, options)
  }

  /**
   * Logits of a sequence of tokens that begins at position 0. Generations find nothing of it in the cache.
   * @throws OptionError, ContextOverflowError, or the signal's reason.
   */
  async logits(tokens: readonly number[], options: LogitsOptions = {}): Promise<Float32Array> {
    const { rows = 'last' } = options
    const { vocabSize } = this.spec
    const out = new Float32Array((rows === 'all' ? tokens.length : 1) * vocabSize)
    let at = 0
    for await (const chunk of this.logitsByChunk(tokens, options)) {
      out.set(rows === 'all' ? chunk : chunk.subarray(chunk.length - vocabSize), at)
      if (rows === 'all') at += chunk.length
    }
    return out
  }

  /**
   * As `logits`, a chunk at a time, `[chunk, vocabSize]`. Between chunks the model is free for others; what they
   * overwrote of the cache is computed again.
   */
  async *logitsByChunk(
    tokens: readonly number[],
    { rows = 'all', chunk = 128, signal }: LogitsOptions = {},
  ): AsyncGenerator<Float32Array, void, undefined> {
    this.#checkAlive()
    if (tokens.length === 0) failOption('logits', 'at least one token', 'none', 'Pass the tokens of a text.')
    checkTokens('logits', tokens, this.spec.vocabSize)
    if (tokens.length > this.contextLength) this.#overflow('logits', tokens.length)
    if (!Number.isInteger(chunk) || chunk < 1 || chunk > 128) {
      failOption('logits', 'chunk to be an integer from 1 to 128', describe(chunk), 'Leave it out for 128.')
    }
    const asked = [...tokens]
    const first = rows === 'last' ? Math.floor((asked.length - 1) / chunk) * chunk : 0
    for (let at = first; at < asked.length; at += chunk) {
      const free = await this.#acquire(signal, asked)
      let logits: Float32Array
      try {
        await this.#sequence.append(asked.slice(this.#sequence.length, at), signal, chunk)
        logits = await this.#sequence.appendWithLogits(asked.slice(at, at + chunk), signal)
      } finally {
        free()
      }
      yield logits
    }
  }

  /** What it is and what it costs: parameters, formats, bytes read for a token. */
  describe(): ModelDescription {
    return describeModel(this.#parts)
  }

  /** Frees the device memory. A generation that is under way fails with an OptionError. */
  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    this.#sequence.close()
    this.#lock.close()
    this.#passes.dispose()
    this.#parts.pool.dispose()
    this.#parts.rotations.dispose()
    this.#parts.weights.dispose()
    this.#parts.onDispose()
    // Asynchronous on purpose: a device may have to wait for what is in flight.
    await Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }

  /** Waits for the sequence; what the cache holds of somebody else is forgotten. */
  async #acquire(signal: AbortSignal | undefined, owner?: readonly number[]): Promise<() => void> {
    const free = await this.#lock.acquire(signal)
    try {
      this.#checkAlive()
      // Chunks of other sizes round otherwise: a generation continues only what generations computed.
      if (owner !== this.#cacheOf) this.#sequence.truncate(0)
      this.#cacheOf = owner
    } catch (error) {
      free()
      throw error
    }
    return free
  }

  #checkAlive(): void {
    this.#sequence.checkOpen()
  }

  #overflow(op: string, length: number): never {
    throw new ContextOverflowError(
      `[${op}] expected at most ${this.contextLength} tokens, the length of the context, got ${length}. `
        + `Shorten the prompt${this.contextLength < this.spec.maxPositions ? ', or load the model with a longer context' : ''}.`,
    )
  }
}
