import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Tokenizer, loadTokenizer } from '../src/tokenizer.js'
import { cleanUp, newFolder } from './support/checkpoints.js'
import { endOfText, tokenizerConfig, tokenizerJson } from './support/tokenizer-files.js'

function writeTokenizer(config: unknown = tokenizerConfig, changes: object = {}): string {
  const folder = newFolder()
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify({ ...tokenizerJson(), ...changes }))
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config))
  return folder
}

let tokenizer: Tokenizer

beforeAll(async () => {
  tokenizer = await loadTokenizer(writeTokenizer())
})
afterAll(cleanUp)

describe('tokenizer', () => {
  it('encodes with the token that begins a text, merges, and bytes', () => {
    expect(tokenizer.encode('the hut')).toEqual([endOfText, 258, 32, 104, 117, 116])
    expect(tokenizer.encode('the', { special: false })).toEqual([258])
    expect(tokenizer.encode('')).toEqual([endOfText])
    expect(tokenizer.beginToken).toBe(endOfText)
    expect(tokenizer.largestToken).toBe(258)
  })

  it('adds no token where the checkpoint asks for none', async () => {
    const plain = await loadTokenizer(writeTokenizer({ ...tokenizerConfig, add_bos_token: false }))
    expect(plain.encode('the')).toEqual([258])
  })

  it('decodes without special tokens', () => {
    expect(tokenizer.decode([endOfText, 258, 32, 104, 105, endOfText])).toBe('the hi')
    expect(tokenizer.decode([])).toBe('')
  })

  it.each([
    [
      'encodes',
      { pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false } },
    ],
    [
      'decodes',
      {
        decoder: {
          type: 'Sequence',
          decoders: [{ type: 'Fuse' }, { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' }],
        },
      },
    ],
  ])(
    'a regular expression without end is an error of the file: it %s',
    async (verb, changes) => {
      const hostile = await loadTokenizer(writeTokenizer(undefined, changes))
      const text = `${'a'.repeat(40)}b`
      const use = (): unknown =>
        verb === 'encodes' ? hostile.encode(text) : hostile.decode([...new TextEncoder().encode(text)])
      const message = new RegExp(
        `tokenizer\\.json.* expected a tokenizer that ${verb} .*, got "no end after 20\\d\\d ms"`,
      )
      expect(use).toThrow(
        expect.objectContaining({
          code: 'ERR_FP4_DECODE_CHECKPOINT',
          message: expect.stringMatching(message) as string,
        }) as Error,
      )
    },
    30_000,
  )

  it('keeps back incomplete characters while streaming', () => {
    const stream = tokenizer.stream()
    const bytes = [...new TextEncoder().encode('é🦊x')]
    expect(bytes.map((byte) => stream.push(byte))).toEqual(['', 'é', '', '', '', '🦊', 'x'])
    expect(stream.end()).toBe('')
  })

  it('gives what is left of a broken character at the end', () => {
    const stream = tokenizer.stream()
    expect([0x61, 0xf0, 0x9f].map((byte) => stream.push(byte))).toEqual(['a', '', ''])
    expect(stream.end()).toBe('\ufffd')
  })

  it('does not stop at bytes that are no character', () => {
    const stream = tokenizer.stream()
    const text = [0xff, 0xff, 0x62, 0xc3, 0x28].map((byte) => stream.push(byte)).join('') + stream.end()
    expect(text).toBe('\ufffd\ufffdb\ufffd(')
  })

  it('streams to the text that decoding at once gives, for any bytes', () => {
    const bytes = fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(257, 258, 0xf0, 0x9f, 0xa6, 0x8a)), { maxLength: 200 }) // prettier-ignore
    fc.assert(
      fc.property(bytes, (tokens) => {
        const stream = tokenizer.stream([104, 105])
        const pieces = [...tokens.map((token) => stream.push(token)), stream.end()]
        expect(pieces.join('')).toBe(tokenizer.decode(tokens))
      }),
    )
  })

  it('completes a character that the context begins', () => {
    const bytes = [...new TextEncoder().encode('é€🦊ü')]
    const rest = ['é€🦊ü', 'é€🦊ü', '€🦊ü', '€🦊ü', '€🦊ü', '🦊ü', '🦊ü', '🦊ü', '🦊ü', 'ü', 'ü', '']
    for (const [cut, expected] of rest.entries()) {
      const stream = tokenizer.stream(bytes.slice(0, cut))
      const pieces = [...bytes.slice(cut).map((byte) => stream.push(byte)), stream.end()]
      expect(pieces.join(''), `context of ${cut} bytes`).toBe(expected)
    }
  })

  it('goes on from any context to the text that decoding at once gives', () => {
    const bytes = fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xc3, 0xa9, 0xf0, 0x9f, 0xa6, 0x8a)), { maxLength: 24 }) // prettier-ignore
    fc.assert(
      fc.property(bytes, bytes, (context, tokens) => {
        const stream = tokenizer.stream([104, ...context])
        const pieces = [...tokens.map((token) => stream.push(token)), stream.end()]
        // The U+FFFD of an incomplete character at the end of the context is not text yet.
        const before = tokenizer.decode([104, ...context]).replace(/\ufffd$/, '')
        expect(before + pieces.join('')).toBe(tokenizer.decode([104, ...context, ...tokens]))
      }),
    )
  })

  it('refuses a tokenizer that is none', async () => {
    const folder = writeTokenizer()
    writeFileSync(join(folder, 'tokenizer.json'), '{"model": {"type": "Riddle"}}')
    await expect(loadTokenizer(folder)).rejects.toThrow(/tokenizer.json: expected a tokenizer, got "/)
    rmSync(join(folder, 'tokenizer.json'))
    await expect(loadTokenizer(folder)).rejects.toThrow(/tokenizer.json: expected a readable file, got none/)
  })

  it('refuses a first token that is not in the vocabulary', async () => {
    const folder = writeTokenizer({ bos_token: '<s>', add_bos_token: true })
    await expect(loadTokenizer(folder)).rejects.toThrow(/tokenizer_config.json, "bos_token": expected an entry/)
  })
})
