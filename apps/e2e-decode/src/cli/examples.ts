/** The examples of a verb's help. A test runs every one of them. */
import type { Command } from 'commander'

/** Adds a section with a command a line, each after what it does. */
export function addExamples(command: Command, examples: readonly (readonly [does: string, line: string])[]): Command {
  const lines = examples.map(([does, line]) => `  # ${does}\n  ${line}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}
