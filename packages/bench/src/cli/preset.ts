/** Cases by one name: several command lines that are run as one, into one report. */
import { fail } from '../errors.js'
import type { Goal } from '../goals.js'
import type { BenchRow } from '../rows.js'
import { type CliOptions, makeProgram } from './program.js'

/** What `--preset NAME` runs. */
export interface Preset {
  readonly name: string
  /** One line for `--list`. */
  readonly summary: string
  /** Suites and what to run of them, as after `bench`: 'gemv --shape 4096x14336 --m 1,2'. `--threads` there leaves out all others. */
  readonly lines: readonly string[]
  /** What the rows are to reach, and whether they did (`judge`). */
  goals?(rows: readonly BenchRow[]): readonly Goal[]
}

/** One line, parsed. */
export interface PresetLine {
  readonly names: readonly string[]
  readonly flags: CliOptions
}

/** Flags that say what is run, and so are the preset's. */
const chosen = ['shape', 'm', 'format', 'precision', 'geometry', 'vocab', 'peer'] as const

/** The lines of a preset. @throws BenchError when something else than the preset says what to run, CommanderError for a bad line. */
export function presetLines(
  { name, lines }: Preset,
  names: readonly string[],
  flags: CliOptions,
): readonly PresetLine[] {
  const strange = [...names, ...chosen.filter((flag) => flags[flag] !== undefined).map((flag) => `--${flag}`)]
  if (strange.length > 0) {
    fail(
      '--preset',
      `nothing beside '${name}' that says what to run`,
      strange.join(' '),
      `Run a line of it instead: bench ${lines[0]}.`,
    )
  }
  return lines.map((line) => {
    const program = makeProgram().exitOverride()
    program.parse(line.split(' '), { from: 'user' })
    return { names: program.args, flags: program.opts<CliOptions>() }
  })
}
