/** `fp4-decode chat`: a conversation on a terminal, or a turn a line from a pipe. */
import { createInterface } from 'node:readline'
import { Command } from 'commander'
import type { Chat } from '../chat/index.js'
import { OptionError } from '../errors.js'
import type { Model } from '../model/model.js'
import { type SlashOutcome, runSlashCommand, slashHelp } from './chat-commands.js'
import { deviceLine, modelLine } from './describe.js'
import { addExamples } from './examples.js'
import { speedLine, summaryJson } from './generate.js'
import { interrupted } from './interrupt.js'
import { type ModelFlags, addModelOptions } from './options.js'
import { type SamplingFlags, addSamplingOptions, generateOptions } from './sampling-options.js'
import { withModel } from './session.js'
import { styled } from './style.js'

interface ChatFlags extends ModelFlags, SamplingFlags {
  readonly system?: string
  readonly plain?: boolean
  readonly json?: boolean
  readonly commands?: boolean
}

/** An answer ends by itself; text that is only continued would go on for as long as it is let. */
const defaultMaxTokens = { template: 1024, completion: 80 } as const

export function chatCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('chat').description(
    'Talk with a model. It remembers what was said, and computes only what is new. Reads turns from stdin, a line each.',
  )
  command
    .option('-s, --system <text>', 'what the model is told before the conversation (default: nothing)')
    .option('--plain', 'go without the chat template of the checkpoint: both continue one text')
  addSamplingOptions(command, `${defaultMaxTokens.template}, or ${defaultMaxTokens.completion} without a template`)
  command
    .option('--json', 'print one JSON object for each turn, also for one that fails')
    .option('--commands', 'take lines that begin with a slash as commands, also when they are not typed on a terminal')
  addExamples(addModelOptions(command), [
    [
      'Tell a story together with the model of this package',
      'echo "Once upon a time there was a fox." | fp4-decode chat',
    ],
    [
      'A Hugging Face folder, by its chat template',
      'echo "Why is the sky blue?" | fp4-decode chat -m ./Qwen3-0.6B --system "Answer briefly." -n 16',
    ],
    ['For another program', 'printf "The cat sat.\\nThen it ran.\\n" | fp4-decode chat -n 8 --temp 0 --json'],
  ])
  command.addHelpText(
    'after',
    `\nIn a conversation on a terminal (from a pipe, a slash is text unless --commands is given):\n${slashHelp}`,
  )
  return command.action(async (flags: ChatFlags) => {
    if (flags.logprobs !== undefined && flags.json !== true) {
      throw new OptionError('[chat] expected --json with --logprobs, got none. Add --json, which prints them.')
    }
    finish(await withModel(flags, (model) => converse(model, flags), { ownInterrupts: true }))
  })
}

async function converse(model: Model, flags: ChatFlags): Promise<number> {
  const { system, plain = false } = flags
  const kind = plain || !model.hasChatTemplate ? 'completion' : 'template'
  const options = generateOptions(flags, defaultMaxTokens[kind])
  using chat = model.chat({ ...options, plain, ...(system === undefined ? {} : { system }) })
  greet(model, chat, plain)
  const input = createInterface({
    input: process.stdin,
    ...(process.stdin.isTTY && process.stdout.isTTY ? { output: process.stdout, prompt: '> ', terminal: true } : {}),
  })
  return await new Conversation(model, chat, flags, input).run()
}

/** A line about the model on a terminal; everywhere that text is only continued, which nobody would expect of a chat. */
function greet(model: Model, chat: Chat, plain: boolean): void {
  const dim = (text: string): void => void process.stderr.write(`${styled(process.stderr, 'dim', text)}\n`)
  if (process.stdin.isTTY) dim(`${deviceLine(model.device)} · ${modelLine(model)}`)
  if (chat.kind === 'completion' && !plain) {
    dim('[chat] The model has no chat template: it continues the text that you begin. /reset begins another one.')
  }
  if (process.stdin.isTTY) dim('/help lists the commands. Ctrl-C ends an answer, twice the conversation.')
}

class Conversation {
  readonly #model: Model
  readonly #chat: Chat
  readonly #json: boolean
  readonly #commands: boolean
  readonly #input: ReturnType<typeof createInterface>
  readonly #terminal: boolean
  #answer: AbortController | undefined
  #lastInterrupt = -Infinity
  #askedToLeave = false
  #interrupted = false
  #failed = false

  constructor(model: Model, chat: Chat, flags: ChatFlags, input: ReturnType<typeof createInterface>) {
    this.#model = model
    this.#chat = chat
    this.#json = flags.json ?? false
    // Text from elsewhere writes no files, whatever it begins with.
    this.#commands = flags.commands ?? process.stdin.isTTY
    this.#input = input
    this.#terminal = input.terminal
  }

  async run(): Promise<number> {
    const onInterrupt = (): void => this.#onInterrupt()
    // A terminal in raw mode hands Ctrl-C to readline; from elsewhere it comes as a signal.
    this.#input.on('SIGINT', onInterrupt)
    process.on('SIGINT', onInterrupt)
    try {
      if (this.#terminal) this.#input.prompt()
      for await (const line of this.#input) {
        this.#askedToLeave = false
        const outcome = this.#interrupted ? 'exit' : await this.#turn(line)
        if (outcome === 'exit' || this.#interrupted) break
        if (this.#terminal) this.#input.prompt()
      }
    } finally {
      process.removeListener('SIGINT', onInterrupt)
      this.#input.close()
    }
    if (this.#terminal) process.stdout.write('\n')
    return this.#interrupted ? interrupted : this.#failed ? 1 : 0
  }

  async #turn(line: string): Promise<SlashOutcome> {
    if (line.trim() === '') return 'done'
    if (!this.#commands) return this.#say(line)
    // Two slashes begin a message with one.
    if (line.startsWith('/') && !line.startsWith('//')) {
      // Stdout is the model's, or the program's that reads JSON.
      const outcome = await runSlashCommand(line, this.#chat, this.#model, (text) =>
        this.#json ? printJson({ command: line, message: text }) : void process.stderr.write(`${text}\n`),
      )
      if (typeof outcome === 'string') return outcome
      return this.#say(outcome.say)
    }
    return this.#say(line.replace(/^\/\//, '/'))
  }

  async #say(text: string): Promise<SlashOutcome> {
    const { signal } = (this.#answer = new AbortController())
    const reply = this.#chat.send(text, { signal })
    try {
      for await (const piece of reply) if (!this.#json) process.stdout.write(piece.text)
    } catch (error) {
      if (!signal.aborted) {
        // A message that is too long ends the turn, not the conversation, on a terminal and where each turn has its object.
        if (!this.#terminal && !this.#json) throw error
        const { message, code } = error as { message: string; code?: string }
        if (this.#json) printJson({ prompt: text, error: { code, message } })
        process.stderr.write(`${message}\n`)
        this.#failed = !this.#terminal
        return 'done'
      }
    } finally {
      this.#answer = undefined
    }
    const { summary } = reply
    if (this.#json) {
      const { dropped, ...rest } = summary
      printJson({ prompt: text, ...summaryJson(rest), dropped })
      return 'done'
    }
    process.stdout.write('\n')
    const note = (line: string): void => void process.stderr.write(`${styled(process.stderr, 'dim', line)}\n`)
    if (summary.dropped > 0) {
      note(
        `[chat] The context is full: ${summary.dropped} ${this.#chat.kind === 'template' ? 'messages' : 'tokens'} at the beginning were forgotten.`,
      )
    }
    if (this.#terminal)
      note(
        `${speedLine(summary)}, ${summary.promptTokens + summary.tokens.length} of ${this.#model.contextLength} positions`,
      )
    return 'done'
  }

  /**
   * Of a pipe it ends the conversation, whatever lines are left. On a terminal the first one ends an answer; the second one, or one
   * without an answer after another, the conversation.
   */
  #onInterrupt(): void {
    const now = performance.now()
    // One Ctrl-C may arrive twice: see interrupt.ts.
    if (now - this.#lastInterrupt < 300) return
    this.#lastInterrupt = now
    const answering = this.#answer !== undefined && !this.#answer.signal.aborted
    if (answering) this.#answer?.abort(new Error('[chat] interrupted.'))
    if (!this.#terminal || (this.#askedToLeave && !answering)) {
      this.#interrupted = true
      this.#input.close()
      return
    }
    if (answering) {
      this.#askedToLeave = true
      return
    }
    this.#askedToLeave = true
    process.stderr.write(`\n${styled(process.stderr, 'dim', 'Ctrl-C again leaves; so do /exit and Ctrl-D.')}\n`)
    this.#input.prompt()
  }
}

function printJson(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
