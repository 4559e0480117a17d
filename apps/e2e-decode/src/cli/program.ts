/** The verbs of `fp4-decode`, as a commander program: what the command line runs and what its reference is made from. */
import tab from '@bomb.sh/tab/commander'
import { Command } from 'commander'
import { packageVersion } from '../version.js'
import { benchCommand } from './bench.js'
import { chatCommand } from './chat.js'
import { convertCommand } from './convert.js'
import { doctorCommand } from './doctor.js'
import { addExamples } from './examples.js'
import { generateCommand } from './generate.js'
import { infoCommand } from './info.js'
import { inspectCommand } from './inspect.js'
import { perplexityCommand } from './perplexity.js'

/** Makes the program; `finish` is called with the exit code of the verb that ran. */
export function createProgram(finish: (exitCode: number) => void = (code) => (process.exitCode = code)): Command {
  const program = new Command('fp4-decode')
    .description('Decode language models with FP4 weights.')
    .version(packageVersion())
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
  const verbs = [
    ...[generateCommand, chatCommand, convertCommand, inspectCommand],
    ...[perplexityCommand, benchCommand, infoCommand, doctorCommand],
  ]
  for (const make of verbs) program.addCommand(make(finish).copyInheritedSettings(program))
  program.addHelpText('after', `\n${exitCodes}`)
  tab(program, { completionCommandName: 'completion' })
  const completion = program.commands.find((command) => command.name() === 'completion')
  if (completion !== undefined) {
    completion.description('Print the completion script of a shell: put it where the shell reads it, or source it.')
    addExamples(completion, [['For this session: source <(fp4-decode completion bash)', 'fp4-decode completion bash']])
  }
  return program
}

const exitCodes = `Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (Ctrl-C). With DEBUG set, errors come with a stack.`

/** Commander's `error: …`, in the form of all our messages and on one line. */
function oneLine(text: string): string {
  return `[fp4-decode] ${text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ')}\n`
}
