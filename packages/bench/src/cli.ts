/** The command line: suites in, a report on stdout, everything else on stderr. */
import { CommanderError } from 'commander'
import { type Io, type Verb, exit } from './cli/io.js'
import { compareVerb } from './cli/compare.js'
import { reportVerb } from './cli/report.js'
import { type Preset, presetLines } from './cli/preset.js'
import { type CliOptions, filterOf, linesOf, makeProgram } from './cli/program.js'
import { type Job, runOnDevices } from './cli/run.js'
import { type AnySuite, loadSuites, selectSuites } from './cli/suites.js'
import { BenchError, fail, messageOf } from './errors.js'
import { checkOutput, writeOutput } from './output-file.js'
import { report } from './reporters/index.js'
import { describeRun } from './run-description.js'
import type { Filter } from './suite.js'

export interface RunCliOptions {
  /** Default: the process's own. */
  readonly stdout?: (text: string) => void
  readonly stderr?: (text: string) => void
  /** Colours in a table. Default: when stdout is a terminal and NO_COLOR is not set. */
  readonly color?: boolean
  /** Aborting ends the run after the current sample; rows made so far are still reported. */
  readonly signal?: AbortSignal
  /** More words that may come first, beside `report` and `compare`. */
  readonly verbs?: readonly Verb[]
  /** What `--preset` names. */
  readonly presets?: readonly Preset[]
  /** Throws for what no suite takes, such as an unknown --geometry: a bad flag, told before anything runs. */
  readonly checkFilter?: (filter: Filter) => void
  /** Versions of the packages whose suites these are, for the report. */
  readonly versions?: Readonly<Record<string, string>>
  /** Bytes that a measurement of the roof reads, for tests. Default 256 MiB. */
  readonly roofBytes?: number
}

/**
 * Runs `argv` (without node and script) over `suites` and returns the exit status: 0, 1 when a case failed, 2 for a bad flag,
 * 130 when aborted. Never throws and never prints a stack.
 */
export async function runCli(
  suites: readonly AnySuite[],
  argv: readonly string[],
  options: RunCliOptions = {},
): Promise<number> {
  const io = ioOf(options)
  const verbs = [reportVerb, compareVerb, ...(options.verbs ?? [])]
  try {
    const verb = verbs.find(({ name }) => name === argv[0])
    if (verb) return await verb.run(argv.slice(1), io)
    return await run(suites, argv, verbs, io, options)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage
    if (io.signal?.aborted) return exit.interrupted
    io.stderr(`error: ${messageOf(error)}\n`)
    return error instanceof BenchError ? exit.usage : exit.failed
  }
}

async function run(
  suites: readonly AnySuite[],
  argv: readonly string[],
  verbs: readonly Verb[],
  io: Io,
  { versions, roofBytes, presets = [], checkFilter }: RunCliOptions,
): Promise<number> {
  const { stdout, stderr, signal, color } = io
  const program = makeProgram({ verbs, presets }).configureOutput({ writeOut: stdout, writeErr: stderr }).exitOverride()
  program.parse([...argv], { from: 'user' })
  const [names, flags] = [program.args, program.opts<CliOptions>()]
  const all = [...suites, ...(await loadSuites(flags.suite))]
  if (flags.list) {
    stdout(list(all, presets))
    return exit.ok
  }
  const preset = presets.find(({ name }) => name === flags.preset)
  const lines = preset ? presetLines(preset, names, flags) : [{ names, flags }]
  const jobs = lines.map((line) => jobOf(all, line.names, line.flags, checkFilter))
  // What can go wrong without a measurement goes wrong before one.
  const description = describeRun(argv, versions)
  if (flags.save !== undefined) checkOutput('--save', flags.save)
  const measured = await runOnDevices(jobs, flags, io, roofBytes)
  const goals = preset?.goals?.(measured.rows) ?? []
  const results = { ...measured, ...(goals.length > 0 && { goals }), run: description }
  if (results.rows.length === 0 && !results.counts && !results.failures && !signal?.aborted) {
    fail('bench', 'at least one case', 'none for these flags', 'Widen --format, --m or --shape, or see --list.')
  }
  stdout(report(results, flags.output, { color }))
  if (flags.save !== undefined) writeOutput('--save', flags.save, report(results, 'json'))
  if (signal?.aborted) return exit.interrupted
  return results.failures ? exit.failed : exit.ok
}

function ioOf({ stdout, stderr, color, signal }: RunCliOptions): Io {
  return {
    stdout: stdout ?? ((text) => void process.stdout.write(text)),
    stderr: stderr ?? ((text) => void process.stderr.write(text)),
    color: color ?? (stdout === undefined && process.stdout.isTTY && !process.env.NO_COLOR),
    terminal: stderr === undefined && process.stderr.isTTY,
    signal,
  }
}

/** @throws BenchError */
function jobOf(
  suites: readonly AnySuite[],
  names: readonly string[],
  flags: CliOptions,
  checkFilter: RunCliOptions['checkFilter'],
): Job {
  const filter = filterOf(flags)
  try {
    checkFilter?.(filter)
  } catch (error) {
    throw new BenchError(messageOf(error), { cause: error })
  }
  const { threads } = flags
  return { suites: selectSuites(suites, names, flags.peer?.name), filter, ...(threads && { threads }) }
}

function list(suites: readonly AnySuite[], presets: readonly Preset[]): string {
  return linesOf(suites, '') + (presets.length > 0 ? `\nWith --preset:\n${linesOf(presets, '')}` : '')
}
