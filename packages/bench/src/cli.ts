/** The command line: suites in, a report on stdout, everything else on stderr. */
import { CommanderError } from 'commander'
import { type CliOptions, makeProgram } from './cli/program.js'
import { runOnDevices } from './cli/run.js'
import { loadSuites, selectSuites } from './cli/suites.js'
import { BenchError, fail, messageOf } from './errors.js'
import { report } from './reporters/index.js'
import type { CountingSuite, Suite } from './suite.js'

/** Where output goes; the process's own streams by default. */
export interface RunCliOptions {
  readonly stdout?: (text: string) => void
  readonly stderr?: (text: string) => void
  /** Colours in a table. Default: when stdout is a terminal and NO_COLOR is not set. */
  readonly color?: boolean
  /** Aborting ends the run after the current sample; rows made so far are still reported. */
  readonly signal?: AbortSignal
}

/** Exit statuses. A bad flag is told from a failed case, so that scripts can tell them apart too. */
const exit = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

/**
 * Runs `argv` (without node and script) over `suites` and returns the exit status: 0, 1 when a case failed, 2 for a bad flag,
 * 130 when aborted. Never throws and never prints a stack.
 */
export async function runCli(
  suites: readonly (Suite | CountingSuite)[],
  argv: readonly string[],
  options: RunCliOptions = {},
): Promise<number> {
  const stdout = options.stdout ?? ((text: string) => void process.stdout.write(text))
  const stderr = options.stderr ?? ((text: string) => void process.stderr.write(text))
  try {
    const { names, flags } = parse(argv, stdout, stderr)
    const all = [...suites, ...(await loadSuites(flags.suite))]
    if (flags.list) {
      stdout(list(all))
      return exit.ok
    }
    const chosen = selectSuites(all, names)
    const results = await runOnDevices(chosen, flags, stderr, options.signal)
    if (results.rows.length === 0 && !results.counts && !results.failures && !options.signal?.aborted) {
      fail('bench', 'at least one case', 'none for these flags', 'Widen --format, --m or --shape, or see --list.')
    }
    const color =
      options.color ?? (options.stdout === undefined && process.stdout.isTTY && process.env.NO_COLOR === undefined)
    stdout(report(results, flags.output, { color }))
    if (options.signal?.aborted) return exit.interrupted
    return results.failures ? exit.failed : exit.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage
    stderr(`error: ${messageOf(error)}\n`)
    return error instanceof BenchError ? exit.usage : exit.failed
  }
}

function parse(
  argv: readonly string[],
  stdout: (text: string) => void,
  stderr: (text: string) => void,
): { names: string[]; flags: CliOptions } {
  const program = makeProgram().configureOutput({ writeOut: stdout, writeErr: stderr }).exitOverride()
  program.parse([...argv], { from: 'user' })
  return { names: program.args, flags: program.opts<CliOptions>() }
}

function list(suites: readonly (Suite | CountingSuite)[]): string {
  const width = Math.max(0, ...suites.map(({ name }) => name.length))
  return suites.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}\n`).join('')
}
