import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type ChatReply, loadChatTemplate } from '../src/chat/index.js'
import { CompletionTranscript, TemplateTranscript, type Transcript } from '../src/chat/transcript.js'
import { CheckpointError, ChatTemplateError, ContextOverflowError, OptionError } from '../src/errors.js'
import { type LoadOptions, loadModel } from '../src/load-model.js'
import type { Model } from '../src/model/model.js'
import { packModel } from '../src/checkpoint/pack-writer.js'
import type { Tokenizer } from '../src/tokenizer.js'
import { cleanUp, configs, newFolder, writeCheckpoint } from './support/checkpoints.js'
import { tokenizerConfig } from './support/tokenizer-files.js'

afterAll(cleanUp)

const template =
  "{{ bos_token }}{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"

/** A checkpoint with this entry `chat_template`, and perhaps a chat_template.jinja. */
function chatFolder(embedded: unknown, jinja?: string): string {
  const folder = writeCheckpoint(configs.llama)
  const config = embedded === undefined ? tokenizerConfig : { ...tokenizerConfig, chat_template: embedded }
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config))
  if (jinja !== undefined) writeFileSync(join(folder, 'chat_template.jinja'), jinja)
  return folder
}

async function load(folder: string, options: LoadOptions = {}): Promise<Model> {
  return loadModel(folder, { threads: 1, ...options })
}

async function textOf(reply: ChatReply): Promise<string> {
  let text = ''
  for await (const piece of reply) text += piece.text
  return text
}

/** Says turns in a context of 200 positions, of which 40 are kept for the answer "Ok." */
function conversation(
  transcript: Transcript,
  tokenizer: Tokenizer,
): { plan: (text: string) => { tokens: readonly number[]; dropped: number; text: string } } {
  return {
    plan(said) {
      const { tokens, dropped, commit } = transcript.plan(said, 200, 40)
      expect(tokens.length).toBeLessThanOrEqual(160)
      commit({ text: 'Ok.', tokens: tokenizer.encode('Ok.', { special: false }), exact: true, ended: false })
      return { tokens, dropped, text: tokenizer.decode(tokens) }
    },
  }
}

const greedy = { temperature: 0, maxTokens: 12, ignoreEnd: true } as const

describe('a chat template', () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Why?' },
  ] as const
  const rendered = '<|endoftext|>system: Be brief.\nuser: Why?\nassistant: '

  it('comes from tokenizer_config.json, a list of named ones, or chat_template.jinja before either', async () => {
    expect((await loadChatTemplate(chatFolder(template)))?.render(messages)).toBe(rendered)
    const named = [
      { name: 'rag', template: 'no' },
      { name: 'default', template },
    ]
    expect((await loadChatTemplate(chatFolder(named)))?.render(messages)).toBe(rendered)
    expect((await loadChatTemplate(chatFolder('another', template)))?.render(messages)).toBe(rendered)
    expect(await loadChatTemplate(chatFolder(undefined))).toBeUndefined()
  })

  it.each([
    [5, 'expected a string'],
    [[{ name: 'rag', template: 'x' }], 'a list with a template named "default"'],
    ['{% for %}', 'expected a Jinja template'],
    ['{{ '.repeat(50000), 'expected a Jinja template'],
    ['x'.repeat(2 ** 20 + 1), 'expected at most 1048576 characters'],
  ])('%s is refused when the model is loaded', async (value, message) => {
    const loading = loadModel(chatFolder(value), { threads: 1 })
    await expect(loading).rejects.toThrow(CheckpointError)
    await expect(loading).rejects.toThrow(message)
  })

  it.each([
    ["{{ raise_exception('no system role') }}", 'no system role'],
    ['{{ nothing.at.all() }}', 'expected messages that the template'],
    ['{% for i in range(1000000000) %}x{% endfor %}', 'range() expected at most 100000 numbers, got 1000000000'],
    ['{% for i in range(5, 6, 0) %}x{% endfor %}', 'got Infinity'],
    ['{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}', 'no end after 2000 ms'],
  ])(
    '%s ends in an error when it is used',
    async (text, message) => {
      const loaded = await loadChatTemplate(chatFolder(text))
      expect(() => loaded?.render(messages)).toThrow(ChatTemplateError)
      expect(() => loaded?.render(messages)).toThrow(message)
    },
    30_000,
  )

  it('is packed with the model', async () => {
    const folder = newFolder()
    await packModel(chatFolder(undefined, template), folder, { mode: 'fp4' })
    expect((await loadChatTemplate(folder))?.render(messages)).toBe(rendered)
  })
})

describe('a conversation', () => {
  it('goes by the template, computes only what is new, and answers as if all were new', async () => {
    const folder = chatFolder(template)
    await using model = await load(folder)
    using chat = model.chat({ ...greedy, system: 'Be brief.' })
    expect(chat.kind).toBe('template')
    const first = chat.send('Why?')
    const answer = await textOf(first)
    expect(first.summary).toMatchObject({ text: answer, finishReason: 'length', cachedPromptTokens: 0, dropped: 0 })
    const second = chat.send('And now?')
    const next = await textOf(second)
    // All of the first turn but the newest token, which the cache has not read.
    const known = first.summary.promptTokens + first.summary.tokens.length - 1
    expect(second.summary.cachedPromptTokens).toBe(known)
    expect(chat.messages.map(({ role, content }) => [role, content])).toEqual([
      ['system', 'Be brief.'],
      ['user', 'Why?'],
      ['assistant', answer],
      ['user', 'And now?'],
      ['assistant', next],
    ])
    await using other = await load(folder)
    const text = `system: Be brief.\nuser: Why?\nassistant: ${answer}\nuser: And now?\nassistant: `
    const tokens = other.tokenizer!.encode(`<|endoftext|>${text}`, { special: false })
    // Text of random weights is bytes that make no characters: then the tokens that were made count, not their text.
    if (second.summary.promptTokens === tokens.length) {
      const fresh = other.generate(tokens, greedy)
      for await (const _ of fresh) continue
      expect(fresh.summary.tokens).toEqual(second.summary.tokens)
    } else expect(answer).toContain('\ufffd')
  })

  it('is taken back, and begun anew', async () => {
    await using model = await load(chatFolder(template))
    using chat = model.chat({ ...greedy, system: 'Be brief.' })
    const answer = await textOf(chat.send('Why?'))
    await textOf(chat.send('More.'))
    expect(chat.undo()).toBe('More.')
    expect(chat.messages).toHaveLength(3)
    expect(chat.undo()).toBe('Why?')
    expect(chat.undo()).toBeUndefined()
    expect(await textOf(chat.send('Why?'))).toBe(answer)
    chat.reset()
    expect(chat.messages).toEqual([{ role: 'system', content: 'Be brief.' }])
    chat.reset('Talk.')
    expect(chat.messages).toEqual([{ role: 'system', content: 'Talk.' }])
  })

  it('keeps what was answered when it is broken off, and goes on', async () => {
    await using model = await load(chatFolder(template))
    using chat = model.chat(greedy)
    const controller = new AbortController()
    const reply = chat.send('Why?', { signal: controller.signal, maxTokens: 200 })
    const broken = (async () => {
      for await (const { index } of reply) if (index === 3) controller.abort(new Error('enough'))
    })()
    await expect(broken).rejects.toThrow('enough')
    expect(reply.summary.tokens.length).toBeGreaterThanOrEqual(4)
    expect(chat.messages.at(-1)).toEqual({ role: 'assistant', content: reply.summary.text })
    for await (const _ of chat.send('And?')) break
    expect(chat.messages).toHaveLength(4)
  })

  it('leaves no question behind that was never answered', async () => {
    await using model = await load(chatFolder(template))
    using chat = model.chat(greedy)
    await expect(textOf(chat.send('Why?', { signal: AbortSignal.abort(new Error('no')) }))).rejects.toThrow('no')
    expect(chat.messages).toEqual([])
    expect(await textOf(chat.send('Why?'))).not.toBe('')
  })

  it('forgets its beginning when the context is full, and keeps the system message', async () => {
    await using model = await load(chatFolder(template), { context: 128 })
    using chat = model.chat({ ...greedy, maxTokens: 8, system: 'S' })
    let dropped = 0
    for (let turn = 0; turn < 12; turn++) {
      const reply = chat.send(`Turn number ${turn}.`)
      await textOf(reply)
      expect(reply.summary.promptTokens).toBeLessThanOrEqual(120)
      dropped += reply.summary.dropped
    }
    expect(dropped).toBeGreaterThan(0)
    expect(dropped % 2).toBe(0)
    expect(chat.messages[0]).toEqual({ role: 'system', content: 'S' })
    expect(chat.messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(
      Array.from({ length: 12 }, (_, turn) => `Turn number ${turn}.`),
    )
    await expect(textOf(chat.send('x'.repeat(200)))).rejects.toThrow(ContextOverflowError)
    await textOf(chat.send('Still there?'))
    for (const said of ['Still there?', 'Turn number 11.', 'Turn number 10.']) expect(chat.undo()).toBe(said)
  })

  it('makes room for several turns at once when the context is full', async () => {
    await using model = await load(chatFolder(template))
    const loaded = (await loadChatTemplate(chatFolder(template)))!
    const transcript = new TemplateTranscript(loaded, model.tokenizer!, 'S')
    const { plan } = conversation(transcript, model.tokenizer!)
    const prompts = Array.from({ length: 40 }, (_, turn) => plan(`Turn ${turn}.`))
    const made = prompts.filter(({ dropped }) => dropped > 0)
    expect(made.length).toBeGreaterThan(1)
    for (const { dropped, text } of made) {
      expect(dropped).toBeGreaterThanOrEqual(6)
      expect(text.startsWith('system: S\nuser: Turn ')).toBe(true)
    }
    // All others begin with the whole of the turn before.
    for (const [i, { dropped, text }] of prompts.entries()) {
      if (i > 0 && dropped === 0) expect(text.startsWith(prompts[i - 1].text)).toBe(true)
    }
    // Taken back and said again, a turn is what it was, also where its room was made.
    const last = prompts.indexOf(made[made.length - 1])
    for (let turn = 39; turn >= last; turn--) expect(transcript.undo()).toBe(`Turn ${turn}.`)
    expect(plan(`Turn ${last}.`)).toEqual(prompts[last])
  })

  it('one answer at a time; none after it is disposed', async () => {
    await using model = await load(chatFolder(template))
    const chat = model.chat(greedy)
    const iterator = chat.send('Why?')[Symbol.asyncIterator]()
    await iterator.next()
    expect(() => chat.send('And?')).toThrow('expected the last answer to have ended')
    expect(() => chat.undo()).toThrow(OptionError)
    await iterator.return(undefined)
    await textOf(chat.send('And?'))
    chat.dispose()
    expect(() => chat.send('Hello?')).toThrow('expected a live conversation')
  })

  it('refuses what is no message', async () => {
    await using model = await load(chatFolder(template))
    using chat = model.chat(greedy)
    expect(() => chat.send('  ')).toThrow('expected a message that is not empty')
    expect(() => chat.send(5 as never)).toThrow('expected a message that is not empty')
    expect(() => model.chat({ system: 5 as never })).toThrow('expected system to be a text')
    const reply = chat.send('Why?')
    expect(() => reply.summary).toThrow('Iterate over it first')
    await textOf(reply)
    await expect(textOf(reply)).rejects.toThrow('iterated over once')
  })

  it('two conversations of one model do not mix', async () => {
    await using model = await load(chatFolder(template))
    using alone = model.chat(greedy)
    const expected = [await textOf(alone.send('One.')), await textOf(alone.send('Two.'))]
    using first = model.chat(greedy)
    using second = model.chat(greedy)
    const one = await textOf(first.send('One.'))
    await textOf(second.send('Something else.'))
    expect([one, await textOf(first.send('Two.'))]).toEqual(expected)
  })
})

describe('a model without a template', () => {
  it('continues one text, which both write', async () => {
    await using model = await load(chatFolder(undefined))
    expect(model.hasChatTemplate).toBe(false)
    using chat = model.chat(greedy)
    expect(chat.kind).toBe('completion')
    const first = chat.send('the cat')
    await textOf(first)
    const second = chat.send('sat')
    await textOf(second)
    expect(second.summary.cachedPromptTokens).toBe(first.summary.promptTokens + first.summary.tokens.length - 1)
    expect(chat.undo()).toBe('sat')
    const again = chat.send('sat')
    expect(await textOf(again)).toBe(second.summary.text)
  })

  it('is that of plain, too, and forgets its beginning when the context is full', async () => {
    await using model = await load(chatFolder(template), { context: 96 })
    using chat = model.chat({ ...greedy, plain: true })
    expect(chat.kind).toBe('completion')
    let dropped = 0
    for (let turn = 0; turn < 12; turn++) {
      const reply = chat.send('Then the cat sat.')
      await textOf(reply)
      dropped += reply.summary.dropped
    }
    expect(dropped).toBeGreaterThan(0)
    await expect(textOf(chat.send('x'.repeat(96)))).rejects.toThrow(ContextOverflowError)
  })

  it('keeps the begin token and what it was told when it forgets its beginning', async () => {
    await using model = await load(chatFolder(undefined))
    const { plan } = conversation(new CompletionTranscript(model.tokenizer!, 'Tell it to a child.'), model.tokenizer!)
    const prompts = Array.from({ length: 40 }, (_, turn) => plan(`Then the cat sat ${turn}.`))
    expect(prompts.filter(({ dropped }) => dropped > 0).length).toBeGreaterThan(1)
    for (const { tokens, text } of prompts) {
      expect(tokens[0]).toBe(model.tokenizer!.beginToken)
      expect(text.startsWith('Tell it to a child.\n\n')).toBe(true)
    }
  })

  it('begins a new text when the model has ended the last one', async () => {
    const folder = chatFolder(undefined)
    await using model = await load(folder)
    const probe = model.generate('the cat', { temperature: 0, maxTokens: 4, ignoreEnd: true })
    for await (const _ of probe) continue
    // Whatever comes second ends the text.
    const config = { ...configs.llama, eos_token_id: probe.summary.tokens[1] }
    rmSync(join(folder, 'config.json'))
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
    await using ending = await load(folder)
    using chat = ending.chat({ temperature: 0 })
    const first = chat.send('the cat')
    await textOf(first)
    expect(first.summary.finishReason).toBe('end')
    const second = chat.send('the cat')
    await textOf(second)
    expect(second.summary).toMatchObject({ text: first.summary.text, promptTokens: first.summary.promptTokens })
  })

  it('needs a tokenizer', async () => {
    await using model = await loadModel({ geometry: 'qwen3-0.6b', layers: 1, vocabSize: 300 }, { context: 64 })
    expect(() => model.chat()).toThrow('a model with a tokenizer')
  })
})
