/** The command-line reference, from the commander definitions of the commands themselves. */
import { mkdir, writeFile } from 'node:fs/promises'
import { Command, CommanderError, type Option } from 'commander'
import { pages } from './paths.js'

/** What is said of a command besides its definition. */
export interface CommandFacts {
  /** What users type. */
  readonly name: string
  readonly summary: string
  /** The package that has it. */
  readonly package: string
}

export interface CommandSource extends CommandFacts {
  readonly program: () => Promise<Command>
}

/**
 * The program that `run` builds and then parses its arguments with. Definitions stay beside their verbs and nothing has to be
 * exported for the reference: parsing is what is intercepted.
 */
export async function programOf(run: () => unknown): Promise<Command> {
  const found: Command[] = []
  const before = Object.getOwnPropertyDescriptors(Command.prototype)
  const capture = function (this: Command): never {
    found.push(this)
    throw new CommanderError(0, 'captured', 'captured')
  }
  Object.assign(Command.prototype, { parse: capture, parseAsync: capture })
  try {
    await run()
  } catch (error) {
    if (found.length === 0) throw error
  } finally {
    Object.defineProperty(Command.prototype, 'parse', before.parse)
    Object.defineProperty(Command.prototype, 'parseAsync', before.parseAsync)
  }
  if (found.length === 0) throw new Error('[docs] expected a command line that commander parses, got none.')
  return found[0]
}

export async function writeCliReference(sources: readonly CommandSource[]): Promise<void> {
  await mkdir(`${pages}reference/cli`, { recursive: true })
  for (const source of sources) {
    await writeFile(`${pages}reference/cli/${source.name}.md`, commandPage(source, await source.program()))
  }
  const rows = sources.map(
    ({ name, summary, package: from }) => `| [\`${name}\`](/reference/cli/${name}) | ${summary} | \`${from}\` |`,
  )
  const index = [
    '# Command line\n',
    'Generated from the definitions of the commands. Every one of them prints the same with `--help`.\n',
    '| command | does | package |',
    '| --- | --- | --- |',
    ...rows,
  ]
  await writeFile(`${pages}reference/cli/index.md`, `${index.join('\n')}\n`)
}

/** The page of one command. */
export function commandPage({ name, summary, package: from }: CommandFacts, program: Command): string {
  const verbs = program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help')
  return [
    '---\npageClass: command-line\n---\n',
    `# ${name}\n`,
    `${sentence(summary)} Part of [\`${from}\`](/packages/${from.replace(/^.*\//, '')}).\n`,
    body(program, name, verbs.length > 0),
    ...verbs.map(
      (verb) =>
        `## ${name} ${verb.name()}\n\n${sentence(verb.description())}\n\n${body(verb, `${name} ${verb.name()}`, false)}`,
    ),
  ].join('\n')
}

function body(command: Command, name: string, hasVerbs: boolean): string {
  const help = command.createHelp()
  const options = help.visibleOptions(command)
  const args = help.visibleArguments(command)
  const parts = ['```text', `${name} ${hasVerbs ? '[options] <command>' : command.usage()}`, '```', '']
  if (args.length > 0) {
    parts.push('| argument | |', '| --- | --- |')
    for (const argument of args) parts.push(`| \`${argument.name()}\` | ${cell(help.argumentDescription(argument))} |`)
    parts.push('')
  }
  parts.push('| option | |', '| --- | --- |')
  for (const option of options) parts.push(`| ${code(option.flags)} | ${cell(describe(option))} |`)
  parts.push('')
  const after = textAfter(command)
  if (after !== '') parts.push('```text', after, '```', '')
  return parts.join('\n')
}

function describe(option: Option): string {
  const notes: string[] = []
  if (option.argChoices) notes.push(`one of ${option.argChoices.map((choice) => `\`${choice}\``).join(', ')}`)
  const value: unknown = option.defaultValue
  const shown = option.defaultValueDescription ?? (isPlain(value) ? JSON.stringify(value) : undefined)
  if (shown !== undefined && !option.negate) notes.push(`default ${shown}`)
  return notes.length === 0 ? option.description : `${option.description} (${notes.join('; ')})`
}

/** Empty lists are how repeated options begin, and say nothing. */
function isPlain(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
}

/** What `addHelpText` appends: examples, exit codes. */
function textAfter(command: Command): string {
  let all = ''
  const before = { ...command.configureOutput() }
  command.configureOutput({ writeOut: (text) => (all += text) })
  command.outputHelp()
  command.configureOutput(before)
  return all.replace(command.helpInformation(), '').trim()
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

/** Text in a table of a page that Vue compiles. */
function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replaceAll('{{', '&#123;&#123;')
    .replace(/\s*\n\s*/g, ' ')
}

function sentence(text: string): string {
  const escaped = cell(text)
  const first = escaped.charAt(0).toUpperCase() + escaped.slice(1)
  return first === '' || first.endsWith('.') ? first : `${first}.`
}
