/** A byte-level tokenizer: a token for each byte, a few merges, and an end-of-text token. */

/** Token of `<|endoftext|>`. */
export const endOfText = 256

/** Entries of the vocabulary: 256 bytes, the end of text, two merges ("th", "the"). */
export const vocabSize = 259

/** The characters that byte-level tokenizers write bytes with (GPT-2's table). */
export function byteCharacters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
}

export function tokenizerJson(): Record<string, unknown> {
  const characters = byteCharacters()
  const vocab = Object.fromEntries(characters.map((character, byte) => [character, byte]))
  const merged = { ...vocab, '<|endoftext|>': endOfText, th: 257, the: 258 }
  const special = {
    id: endOfText,
    content: '<|endoftext|>',
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: merged,
      merges: [['t', 'h'], ['th', 'e']], // prettier-ignore
    },
  }
}

export const tokenizerConfig: Readonly<Record<string, unknown>> = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  bos_token: '<|endoftext|>',
  eos_token: '<|endoftext|>',
  add_bos_token: true,
}
