/** A conversation with a model. Turns are answered as streams; what was said before stays in the model's cache. */
import { OptionError, describe, failOption } from '../errors.js'
import type { GeneratedToken, Generation, GenerationSummary } from '../generation/generation.js'
import type { GenerateOptions } from '../generation/options.js'
import type { Model } from '../model/model.js'
import type { ChatMessage, ChatTemplate } from './template.js'
import { CompletionTranscript, TemplateTranscript, type Transcript, type TurnPlan } from './transcript.js'

export interface ChatOptions extends GenerateOptions {
  /** What the model is told before the conversation. */
  readonly system?: string
  /** Go without the checkpoint's template: the model continues what both of you wrote as one text. Default false. */
  readonly plain?: boolean
}

export interface ChatSummary extends GenerationSummary {
  /** Messages (without a template: tokens) at the beginning that no longer fitted the context, and were left out. */
  readonly dropped: number
}

/** Of the context, what an answer has at least, when no `maxTokens` says that it needs less. */
const roomShare = 1 / 4

/** Use `model.chat()`. One conversation at a time is in the cache; others wait for each other and compute theirs again. */
export class Chat implements Disposable {
  /** `template`: messages by the checkpoint's rules. `completion`: one text that both continue. */
  readonly kind: 'template' | 'completion'
  readonly #model: Model
  readonly #options: ChatOptions
  readonly #transcript: Transcript
  #answering = false
  #disposed = false

  /** Use `model.chat()`. */
  constructor(model: Model, template: ChatTemplate | undefined, options: ChatOptions) {
    const { system, plain = false } = options
    if (model.tokenizer === undefined) {
      failOption('chat', 'a model with a tokenizer', 'one of synthetic weights', 'Use a checkpoint.')
    }
    if (system !== undefined && typeof (system as unknown) !== 'string') {
      failOption('chat', 'system to be a text', typeof system, 'Leave it out for none.')
    }
    this.#model = model
    this.#options = options
    this.#transcript =
      template === undefined || plain
        ? new CompletionTranscript(model.tokenizer, system)
        : new TemplateTranscript(template, model.tokenizer, system)
    this.kind = this.#transcript.kind
  }

  /** What was said, the system message first. */
  get messages(): readonly ChatMessage[] {
    return this.#transcript.messages
  }

  /**
   * Says something. Iterate over the answer; breaking off (or aborting) keeps what was answered until then.
   * @throws OptionError; iteration throws ContextOverflowError for a message that is longer than the context, and ChatTemplateError.
   */
  send(text: string, options: GenerateOptions = {}): ChatReply {
    this.#checkFree()
    if (typeof (text as unknown) !== 'string' || text.trim() === '') {
      failOption('chat', 'a message that is not empty', describe(text), 'Say something.')
    }
    const { contextLength } = this.#model
    const { system: _system, plain: _plain, ...defaults } = this.#options
    const merged: GenerateOptions = { ...defaults, ...options }
    const room = Math.max(1, Math.min(merged.maxTokens ?? Infinity, Math.floor(contextLength * roomShare)))
    const begin = (): { plan: TurnPlan; generation: Generation } => {
      this.#checkFree()
      const plan = this.#transcript.plan(text, contextLength, room)
      const generation = this.#model.generate(plan.tokens, merged)
      this.#answering = true
      return { plan, generation }
    }
    return new ChatReply(begin, () => (this.#answering = false), this.#model)
  }

  /** Takes back the last turn. @returns what was said in it, or `undefined` when there was none. */
  undo(): string | undefined {
    this.#checkFree()
    return this.#transcript.undo()
  }

  /** Forgets the conversation; `system` replaces the system message, which otherwise stays. */
  reset(system?: string): void {
    this.#checkFree()
    const [first] = this.#transcript.messages as readonly (ChatMessage | undefined)[]
    this.#transcript.reset(system ?? (first?.role === 'system' ? first.content : undefined))
  }

  /** Ends the conversation; the model stays. */
  dispose(): void {
    this.#disposed = true
    this.#transcript.reset()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #checkFree(): void {
    if (this.#disposed) failOption('chat', 'a live conversation', 'a disposed one', 'Begin another with model.chat().')
    if (this.#answering) {
      throw new OptionError(
        '[chat] expected the last answer to have ended, got one under way. Iterate to its end, or leave the loop.',
      )
    }
  }
}

/** An answer: iterate over it once; `summary` then tells how it went. */
export class ChatReply implements AsyncIterable<GeneratedToken> {
  readonly #begin: () => { plan: TurnPlan; generation: Generation }
  readonly #end: () => void
  readonly #model: Model
  #generation: Generation | undefined
  #dropped = 0

  /** Use `chat.send()`. */
  constructor(begin: () => { plan: TurnPlan; generation: Generation }, end: () => void, model: Model) {
    this.#begin = begin
    this.#end = end
    this.#model = model
  }

  /** What was answered so far; of the whole once iteration has ended. @throws OptionError before iteration begins */
  get summary(): ChatSummary {
    if (this.#generation === undefined) {
      return failOption('chat', 'an answer that was iterated over', 'one that was not', 'Iterate over it first.')
    }
    return { ...this.#generation.summary, dropped: this.#dropped }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<GeneratedToken, void, undefined> {
    if (this.#generation !== undefined) {
      failOption('chat', 'an answer to be iterated over once', 'a second iteration', 'Call chat.send again.')
    }
    const { plan, generation } = this.#begin()
    this.#generation = generation
    this.#dropped = plan.dropped
    try {
      yield* generation
    } finally {
      this.#end()
      this.#commit(plan, generation)
    }
  }

  /** An answer that failed before its first token leaves nothing behind, not even the question. */
  #commit(plan: TurnPlan, generation: Generation): void {
    const { text, tokens, finishReason } = generation.summary
    if (tokens.length === 0) return
    const ended = finishReason === 'end'
    // The token that ended the answer is the template's business: it writes it again.
    const made = ended ? tokens.slice(0, -1) : tokens
    const exact = this.#model.tokenizer?.decode(made) === text
    plan.commit({ text, tokens: made, exact, ended })
  }
}
