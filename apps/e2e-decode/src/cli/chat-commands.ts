/** What a line that begins with a slash does in a conversation. */
import { writeFile } from 'node:fs/promises'
import type { Chat } from '../chat/index.js'
import type { Model } from '../model/model.js'

/** Whether the conversation goes on, or what to say next. */
export type SlashOutcome = 'done' | 'exit'

const commands: readonly (readonly [usage: string, does: string])[] = [
  ['/help', 'lists these'],
  ['/reset', 'forgets the conversation; the system message stays'],
  ['/system TEXT', 'begins anew with another system message'],
  ['/retry', 'takes the last answer back and asks for another one'],
  ['/undo', 'takes the last turn back'],
  ['/save FILE', 'writes the conversation as JSON'],
  ['/info', 'says what the model is, and how much of the context is used'],
  ['/exit', 'leaves (as do Ctrl-D and the end of the input)'],
]

export const slashHelp: string =
  commands.map(([usage, does]) => `  ${usage.padEnd(14)}${does}\n`).join('')
  + '  //TEXT        says something that begins with a slash\n'

/** Runs one, which tells by `print` what it did. */
export async function runSlashCommand(
  line: string,
  chat: Chat,
  model: Model,
  print: (text: string) => void,
): Promise<SlashOutcome | { readonly say: string }> {
  const [, name, rest] = /^\/(\S*)\s*(.*)$/s.exec(line.trim()) ?? ['', '', '']
  const tell = (text: string): 'done' => {
    print(text)
    return 'done'
  }
  switch (name) {
    case 'help':
      return tell(slashHelp.trimEnd())
    case 'reset':
      chat.reset()
      return tell('The conversation is forgotten.')
    case 'system':
      if (rest === '') return tell('[chat] expected a text after /system, got none. Type /system TEXT.')
      chat.reset(rest)
      return tell('The conversation begins anew.')
    case 'retry': {
      const said = chat.undo()
      return said === undefined
        ? tell('[chat] expected a turn to take back, got none. Say something first.')
        : { say: said }
    }
    case 'undo':
      return tell(
        chat.undo() === undefined ? '[chat] expected a turn to take back, got none.' : 'The last turn is taken back.',
      )
    case 'save':
      return tell(await save(chat, rest))
    case 'info': {
      const { source, parameters, formats } = model.describe()
      return tell(
        `${source}: ${(parameters / 1e6).toFixed(1)} M parameters, ${formats.join('+')}, ${model.contextLength} positions, ${chat.messages.length} messages`,
      )
    }
    case 'exit':
    case 'quit':
      return 'exit'
    default:
      return tell(
        `[chat] expected a command, got /${name}. /help lists them; a message that begins with a slash takes two.`,
      )
  }
}

async function save(chat: Chat, file: string): Promise<string> {
  if (file === '') return '[chat] expected a file after /save, got none. Type /save FILE.'
  try {
    await writeFile(file, `${JSON.stringify({ messages: chat.messages }, null, 2)}\n`, { flag: 'wx' })
    return `Saved ${chat.messages.length} messages to ${file}.`
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const got = code === 'EEXIST' ? 'a file that is there already' : message
    return `[chat] expected to write ${file}, got ${got}. Name another file.`
  }
}
