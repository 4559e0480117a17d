/** The command line: a run of the program, and what becomes of an error. */
import { CommanderError } from 'commander'
import { ContextOverflowError, OptionError } from '../errors.js'
import { createProgram } from './program.js'

/** Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
const failed = 1
const wrongUsage = 2

/** Runs a command line. @returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    process.stderr.write(`[fp4-decode] expected to write to stdout, got ${error.message}.\n`)
    process.exit(failed)
  })
  let exitCode = 0
  const program = createProgram((code) => (exitCode = code))
  try {
    await program.parseAsync(argv)
    return exitCode
  } catch (error) {
    return report(error)
  }
}

function report(error: unknown): number {
  // Commander has printed its own message; help and version are not errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongUsage
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${message}\n`)
  if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
  // Flags that exclude one another, or a value that only the model could judge. A prompt that is too long is no wrong flag.
  return error instanceof OptionError && !(error instanceof ContextOverflowError) ? wrongUsage : failed
}
