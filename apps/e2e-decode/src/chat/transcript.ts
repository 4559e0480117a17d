/** What a conversation is to the model: the tokens that its next turn begins with, and what of them is known already. */
import { ContextOverflowError } from '../errors.js'
import type { Tokenizer } from '../tokenizer.js'
import type { ChatMessage, ChatTemplate } from './template.js'

/** A turn made ready. */
export interface TurnPlan {
  readonly tokens: readonly number[]
  /** Messages (of a completion: tokens) that were left out at the front, as they do not fit the context any more. */
  readonly dropped: number
  /** Notes what was answered. `exact`: the tokens are just those of the text, and the next turn can go on from them. */
  readonly commit: (reply: {
    readonly text: string
    readonly tokens: readonly number[]
    readonly exact: boolean
    readonly ended: boolean
  }) => void
}

export interface Transcript {
  readonly kind: 'template' | 'completion'
  readonly messages: readonly ChatMessage[]
  /** The tokens of the next turn, of which at least `room` positions are left. @throws ContextOverflowError */
  plan(text: string, contextLength: number, room: number): TurnPlan
  /** Takes back the last turn. @returns what the user said, or `undefined` when there was none. */
  undo(): string | undefined
  reset(system?: string): void
}

/** A conversation by the rules of a chat template. */
export class TemplateTranscript implements Transcript {
  readonly kind = 'template'
  #messages: ChatMessage[] = []
  /** The first message behind the system message that still fits the context, and what it was before each turn. */
  #first = 0
  #before: readonly number[] = []
  /** The text and tokens of the last turn, answer included. */
  #known: { readonly text: string; readonly tokens: readonly number[] } | undefined
  readonly #template: ChatTemplate
  readonly #tokenizer: Tokenizer

  constructor(template: ChatTemplate, tokenizer: Tokenizer, system: string | undefined) {
    this.#template = template
    this.#tokenizer = tokenizer
    this.reset(system)
  }

  get messages(): readonly ChatMessage[] {
    return [...this.#messages]
  }

  plan(content: string, contextLength: number, room: number): TurnPlan {
    const messages: ChatMessage[] = [...this.#messages, { role: 'user', content }]
    const most = contextLength - room
    let first = this.#first
    let sent = this.#render(messages, first)
    if (sent.tokens.length > most) {
      const least = this.#render(messages, messages.length - 1).tokens.length
      if (least > most) overflow(least, room, contextLength)
      // Half of what turns have room for at once, so that the next ones find their beginning in the cache.
      while (sent.tokens.length > (least + most) / 2 && first < messages.length - 1) {
        first = messages.findIndex(({ role }, i) => i > first && role === 'user')
        sent = this.#render(messages, first)
      }
    }
    return {
      tokens: sent.tokens,
      dropped: first - this.#first,
      commit: (reply) => this.#commit(messages, first, sent, reply),
    }
  }

  undo(): string | undefined {
    const last = this.#messages.map(({ role }) => role).lastIndexOf('user')
    if (last < 0) return undefined
    const { content } = this.#messages[last]
    this.#messages = this.#messages.slice(0, last)
    this.#first = this.#before.at(-1) ?? this.#first
    this.#before = this.#before.slice(0, -1)
    this.#known = undefined
    return content
  }

  reset(system?: string): void {
    this.#messages = system === undefined ? [] : [{ role: 'system', content: system }]
    this.#first = this.#messages.length
    this.#before = []
    this.#known = undefined
  }

  /** The system message, and the messages from `first` on. */
  #render(messages: readonly ChatMessage[], first: number): { text: string; tokens: readonly number[] } {
    const text = this.#template.render(messages.filter(({ role }, i) => role === 'system' || i >= first))
    return { text, tokens: this.#encode(text) }
  }

  /**
   * What was computed is kept where the text allows it: text that the model made may be cut into other tokens than the
   * tokenizer would choose, and the cache holds those that it made.
   */
  #encode(text: string): readonly number[] {
    const encode = (part: string): number[] => this.#tokenizer.encode(part, { special: false })
    const whole = encode(text)
    const known = this.#known
    if (known === undefined || !text.startsWith(known.text)) return whole
    if (known.tokens.every((token, i) => token === whole[i])) return whole
    return [...known.tokens, ...encode(text.slice(known.text.length))]
  }

  #commit(
    messages: readonly ChatMessage[],
    first: number,
    { text, tokens }: { readonly text: string; readonly tokens: readonly number[] },
    reply: Parameters<TurnPlan['commit']>[0],
  ): void {
    this.#messages = [...messages, { role: 'assistant', content: reply.text }]
    this.#before = [...this.#before, this.#first]
    this.#first = first
    this.#known = reply.exact ? { text: text + reply.text, tokens: [...tokens, ...reply.tokens] } : { text, tokens }
  }
}

/** A conversation with a model that only continues text: what both wrote is one text. */
export class CompletionTranscript implements Transcript {
  readonly kind = 'completion'
  #messages: ChatMessage[] = []
  /** What every text begins with, whatever is forgotten of it: the begin token, and what the model was told. */
  #prefix: readonly number[] | undefined
  /** The text so far, without the prefix; a new one begins when the model has ended it. */
  #tokens: readonly number[] = []
  #before: readonly (readonly number[])[] = []
  #endsOpen = false
  #system: string | undefined
  readonly #tokenizer: Tokenizer

  constructor(tokenizer: Tokenizer, system: string | undefined) {
    this.#tokenizer = tokenizer
    this.reset(system)
  }

  get messages(): readonly ChatMessage[] {
    return [...this.#messages]
  }

  plan(text: string, contextLength: number, room: number): TurnPlan {
    const first = this.#tokens.length === 0
    const prefix = (this.#prefix ??= this.#tokenizer.encode(this.#system === undefined ? '' : `${this.#system}\n\n`))
    const gap = !first && !/^\s|^[.,;:!?]/.test(text) && this.#endsOpen ? ' ' : ''
    const added = this.#tokenizer.encode(gap + text, { special: false })
    const all = [...this.#tokens, ...added]
    const most = contextLength - room - prefix.length
    if (added.length > most) overflow(prefix.length + added.length, room, contextLength)
    // Half of the context at once, so that the next turns find their beginning in the cache.
    const dropped = all.length > most ? all.length - Math.max(added.length, Math.floor(most / 2)) : 0
    const kept = all.slice(dropped)
    return {
      tokens: [...prefix, ...kept],
      dropped,
      commit: (reply) => {
        const made = reply.exact ? reply.tokens : this.#tokenizer.encode(reply.text, { special: false })
        this.#messages.push({ role: 'user', content: text }, { role: 'assistant', content: reply.text })
        this.#before = [...this.#before, this.#tokens]
        this.#tokens = reply.ended ? [] : [...kept, ...made]
        this.#endsOpen = !/\s$/.test(reply.text === '' ? text : reply.text)
      },
    }
  }

  undo(): string | undefined {
    const tokens = this.#before.at(-1)
    if (tokens === undefined) return undefined
    this.#before = this.#before.slice(0, -1)
    this.#tokens = tokens
    this.#endsOpen = !/\s$/.test(this.#tokenizer.decode(tokens.slice(-4)))
    const [said] = this.#messages.splice(-2)
    return said.content
  }

  reset(system?: string): void {
    this.#system = system
    this.#messages = system === undefined ? [] : [{ role: 'system', content: system }]
    this.#prefix = undefined
    this.#tokens = []
    this.#before = []
    this.#endsOpen = false
  }
}

function overflow(length: number, room: number, contextLength: number): never {
  throw new ContextOverflowError(
    `[chat] expected a message of at most ${contextLength - room} tokens with its template, got ${length}; the context has ${contextLength}. `
      + 'Shorten it, or load the model with a longer context.',
  )
}
