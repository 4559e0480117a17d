/** Text to tokens and back, by `@huggingface/tokenizers` from a checkpoint's tokenizer.json. */
import { join } from 'node:path'
import * as library from '@huggingface/tokenizers'
import { type JsonObject, readJsonObject } from './checkpoint/json-file.js'
import { failCheckpoint } from './errors.js'
import { limited, oneLine } from './limited.js'

/**
 * What we use of the library's class. Its own types import each other without file extensions, which TypeScript does not
 * resolve under Node's rules: they would all be `any`.
 */
interface HuggingFaceTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { readonly ids: number[] }
  decode(tokens: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string
  token_to_id(token: string): number | undefined
  get_vocab(withAddedTokens: boolean): Map<string, number>
}

const { Tokenizer: HuggingFaceTokenizer } = library as unknown as {
  Tokenizer: new (definition: object, config: object) => HuggingFaceTokenizer
}

/**
 * What encoding or decoding may take: 2 s, and half a millisecond for each character. Long texts without any space, which take
 * longest, need 0.03 ms a character.
 */
const mostMs = (characters: number): number => Math.ceil(2000 + characters / 2)

export interface Tokenizer {
  /** The largest id of the vocabulary, added tokens included. */
  readonly largestToken: number
  /** The token that a sequence begins with, when the tokenizer asks for one. */
  readonly beginToken: number | undefined
  /**
   * Tokens of a text, with what the model expects before it (`special: false`: of the text alone).
   * @throws CheckpointError for a tokenizer that fails, or whose regular expressions come to no end
   */
  encode(text: string, options?: { special?: boolean }): number[]
  /** Text of tokens, without special ones. */
  decode(tokens: readonly number[]): string
  /** The id of an entry of the vocabulary. */
  idOf(token: string): number | undefined
  /**
   * Turns a stream of tokens into text; `context` are tokens before the first one. They are not given back, but for a
   * character that they begin and the stream completes.
   */
  stream(context?: readonly number[]): TextStream
}

export interface TextStream {
  /** The text that a token completes: '' while a character is incomplete. */
  push(token: number): string
  /** What is left, once no more tokens come. */
  end(): string
}

/** Reads tokenizer.json and tokenizer_config.json of a folder. @throws CheckpointError */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const definition = await readJsonObject(join(folder, 'tokenizer.json'))
  const config = await readJsonObject(join(folder, 'tokenizer_config.json'), 'optional')
  const fail = (expected: string, error: unknown): never => {
    const fix = 'Use a tokenizer.json as Hugging Face tokenizers writes it.'
    return failCheckpoint({ file: definition.file, expected, got: `"${oneLine(error)}"`, fix })
  }
  try {
    const tokenizer = new HuggingFaceTokenizer(withDefaults(definition.values), { ...config?.values })
    return wrap(guard(tokenizer, definition.values, fail), config)
  } catch (error) {
    return fail('a tokenizer', error)
  }
}

/** A tokenizer of which nothing takes forever. */
function guard(
  tokenizer: HuggingFaceTokenizer,
  { decoder }: Readonly<Record<string, unknown>>,
  fail: (expected: string, error: unknown) => never,
): HuggingFaceTokenizer {
  const run = <T>(length: number, verb: string, work: () => T): T => {
    try {
      return limited(mostMs(length), work)
    } catch (error) {
      return fail(`a tokenizer that ${verb}`, error)
    }
  }
  // Decoding runs for each token. Without a regular expression there is nothing in it to guard against.
  const decodes = JSON.stringify(decoder ?? null).includes('"Regex"')
  return {
    encode: (text, options) =>
      run(text.length, `encodes a text of ${text.length} characters`, () => tokenizer.encode(text, options)),
    decode: (tokens, options) =>
      decodes
        ? run(tokens.length, `decodes ${tokens.length} tokens`, () => tokenizer.decode(tokens, options))
        : tokenizer.decode(tokens, options),
    token_to_id: (token) => tokenizer.token_to_id(token),
    get_vocab: (withAddedTokens) => tokenizer.get_vocab(withAddedTokens),
  }
}

/** Entries that the reader insists on; files may leave out what is null. */
function withDefaults(definition: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const empty = { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null }
  return { ...empty, ...definition }
}

function wrap(tokenizer: HuggingFaceTokenizer, config: JsonObject | undefined): Tokenizer {
  const begin = config === undefined ? undefined : beginTokenOf(tokenizer, config)
  const decode = (tokens: readonly number[]): string =>
    tokens.length === 0
      ? ''
      : tokenizer.decode([...tokens], { skip_special_tokens: true, clean_up_tokenization_spaces: false })
  return {
    largestToken: [...tokenizer.get_vocab(true).values()].reduce((largest, id) => Math.max(largest, id), 0),
    beginToken: begin,
    encode(text, { special = true } = {}) {
      const { ids } = tokenizer.encode(text, { add_special_tokens: special })
      return special && begin !== undefined && ids[0] !== begin ? [begin, ...ids] : ids
    },
    decode,
    idOf: (token) => tokenizer.token_to_id(token),
    stream: (context = []) => textStream(decode, context),
  }
}

/** `bos_token`, when `add_bos_token` says that it stands before every text. */
function beginTokenOf(tokenizer: HuggingFaceTokenizer, config: JsonObject): number | undefined {
  if (!config.boolean('add_bos_token', false)) return undefined
  const { bos_token: token } = config.values
  // Either the text or, in older files, an object that describes the token.
  const text = typeof token === 'object' ? config.object('bos_token')?.string('content') : config.string('bos_token')
  const id = text === undefined ? undefined : tokenizer.token_to_id(text)
  return id ?? config.fail('bos_token', 'an entry of the vocabulary')
}

/** Tokens decoded anew with each one at most: a stream of nothing but broken characters is cut here. */
const longestWindow = 64

/**
 * A token may end in the middle of a character. The text of the last few tokens is decoded anew with each one; an
 * incomplete character at the end decodes to one U+FFFD, which is kept back until the next token shows what it is.
 */
function textStream(decode: (tokens: readonly number[]) => string, context: readonly number[]): TextStream {
  // Decoders drop a space at the very beginning: some tokens of context keep them from it.
  let { settled, pending } = splitContext(decode, context)
  // How much of the pending tokens' text was given out, or stands in the context.
  let given = pending.length === 0 ? 0 : decode([...settled, ...pending]).length - decode(settled).length - 1
  const advance = (hold: boolean): string => {
    const text = decode([...settled, ...pending]).slice(decode(settled).length)
    const kept = hold && text.endsWith('\ufffd') && pending.length < longestWindow
    const next = text.slice(given, kept ? -1 : undefined)
    given += next.length
    if (!kept) {
      settled = pending.slice(-4)
      pending = []
      given = 0
    }
    return next
  }
  return {
    push(token) {
      pending.push(token)
      return advance(true)
    },
    end: () => (pending.length === 0 ? '' : advance(false)),
  }
}

/**
 * The context's last tokens: those of an incomplete character at its end are pending, the next token may complete it.
 * Where nothing before them is whole either, the bytes are no text, and none are.
 */
function splitContext(
  decode: (tokens: readonly number[]) => string,
  context: readonly number[],
): { settled: readonly number[]; pending: number[] } {
  for (let count = 0; count < longestWindow / 2 && count <= context.length; count++) {
    const end = context.length - count
    const settled = context.slice(Math.max(0, end - 4), end)
    if (!decode(settled).endsWith('\ufffd')) return { settled, pending: context.slice(end) }
  }
  return { settled: context.slice(-4), pending: [] }
}
