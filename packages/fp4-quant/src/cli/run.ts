/** Runs a command line and turns what happens into an exit status. */
import { CommanderError } from 'commander'
import { OptionError } from '../errors.js'
import { type Terminal, printableLines } from './output.js'
import { createProgram } from './program.js'

/** Exit statuses: 0 done, 1 a file is at fault, 2 the command line is, 130 interrupted. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const program = createProgram(terminal)
    if (args.length === 0) {
      terminal.err(program.helpInformation())
      return 2
    }
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (terminal.signal.aborted) {
      terminal.err('fp4-quant: interrupted; nothing was written.\n')
      return 130
    }
    // Commander has printed its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    terminal.err(`fp4-quant: ${printableLines(message)}\n`)
    if (process.env.DEBUG && stack !== undefined) terminal.err(`${printableLines(stack)}\n`)
    return error instanceof OptionError ? 2 : 1
  }
}

/** Runs the process's own command line. */
export async function main(): Promise<void> {
  const controller = new AbortController()
  let interrupts = 0
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      interrupts++
      if (interrupts > 2) process.exit(130) // it does not want to end
      controller.abort(new Error(`interrupted by ${name}`))
    })
  }
  // `fp4-quant inspect file | head` is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const plain = Boolean(process.env.NO_COLOR) || process.env.TERM === 'dumb'
  process.exitCode = await run(process.argv.slice(2), {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY && !plain,
    signal: controller.signal,
  })
}
