/** The chat template of a checkpoint: a Jinja program that turns messages into the text that the model was trained on. */
import { join } from 'node:path'
import { Template } from '@huggingface/jinja'
import { type JsonObject, readJsonObject, readTextFile } from '../checkpoint/json-file.js'
import { ChatTemplateError, failCheckpoint } from '../errors.js'
import { limited, oneLine } from '../limited.js'

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface ChatTemplate {
  /** The file that it comes from. */
  readonly file: string
  /** The text of a conversation, up to where the answer begins. @throws ChatTemplateError for messages that it refuses */
  render(messages: readonly ChatMessage[]): string
}

/** Larger than any template that exists. */
const largestTemplate = 2 ** 20

/** More than any context has room for. */
const largestText = 2 ** 24

/** Templates that exist take milliseconds. */
const mostMs = 2000

/** More numbers than any conversation has messages. */
const largestRange = 100_000

/** Makes `range` ours. What is printed after it keeps a newline that the template may begin with. */
const prologue = "{% set range = bounded_range %}{{ '' }}"

/**
 * Reads chat_template.jinja, or else `chat_template` of tokenizer_config.json. @returns `undefined` when there is neither.
 * @throws CheckpointError for one that cannot be parsed
 */
export async function loadChatTemplate(folder: string): Promise<ChatTemplate | undefined> {
  const config = await readJsonObject(join(folder, 'tokenizer_config.json'), 'optional')
  const jinja = join(folder, 'chat_template.jinja')
  const text = await readTextFile(jinja, largestTemplate)
  if (text !== undefined) return compile(jinja, text, config)
  const embedded = config?.has('chat_template') ? embeddedTemplate(config) : undefined
  return config === undefined || embedded === undefined ? undefined : compile(config.file, embedded, config)
}

/** A string, or a list of named ones, of which "default" is for chats. */
function embeddedTemplate(config: JsonObject): string {
  const { chat_template: value } = config.values
  if (!Array.isArray(value)) return config.string('chat_template')
  const named = value.find((one: unknown) => (one as { name?: unknown } | null)?.name === 'default') as
    { template?: unknown } | undefined
  if (typeof named?.template === 'string') return named.template
  return config.fail('chat_template', 'a string, or a list with a template named "default"')
}

function compile(file: string, text: string, config: JsonObject | undefined): ChatTemplate {
  if (text.length > largestTemplate) {
    const fix = 'Is it the right file?'
    failCheckpoint({
      file,
      entry: 'chat_template',
      expected: `at most ${largestTemplate} characters`,
      got: `${text.length}`,
      fix,
    })
  }
  let template: Template
  try {
    template = limited(mostMs, () => new Template(prologue + text))
  } catch (error) {
    const fix = 'Remove it to go without, or take the file that the checkpoint came with.'
    return failCheckpoint({ file, entry: 'chat_template', expected: 'a Jinja template', got: oneLine(error), fix })
  }
  const special = config === undefined ? {} : specialTokens(config)
  return {
    file,
    render(messages) {
      try {
        // Qwen3 and others think aloud first unless they are told not to; that is the user's choice, so nothing is said here.
        const said = messages.map((one) => ({ ...one }))
        const context = { ...special, messages: said, add_generation_prompt: true, bounded_range: boundedRange }
        const rendered = limited(mostMs, () => template.render(context))
        if (rendered.length > largestText) throw new Error(`${rendered.length} characters`)
        return rendered
      } catch (error) {
        throw new ChatTemplateError(
          `[chat] expected messages that the template of ${file} takes, got "${oneLine(error)}". `
            + 'Leave out the system message, or turn the template off (--plain).',
          { cause: error },
        )
      }
    },
  }
}

/** Jinja's `range`, which makes a list: one of a thousand million numbers ends the process before any time limit. */
function boundedRange(first: number, end?: number, step = 1): number[] {
  const [start, stop] = typeof end === 'number' ? [first, end] : [0, first]
  const length = Math.ceil((stop - start) / step)
  if (!(length <= largestRange)) throw new Error(`range() expected at most ${largestRange} numbers, got ${length}`)
  return Array.from({ length: Math.max(0, length) }, (_, i) => start + i * step)
}

/** `bos_token`, `eos_token` and the like: texts, or objects that describe the token. */
function specialTokens(config: JsonObject): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(config.values)) {
    if (!/^[a-z]{2,20}_token$/.test(name)) continue
    const content = typeof value === 'object' ? (value as { content?: unknown } | null)?.content : value
    if (typeof content === 'string') found[name] = content
  }
  return found
}
