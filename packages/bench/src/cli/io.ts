/** What a verb of the command line is, and where it writes. */

/** Where output goes; the process's own streams by default. */
export interface Io {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Colours in a table. */
  readonly color: boolean
  /** Whether stderr is a terminal: bars are drawn only there. */
  readonly terminal: boolean
  /** Aborting ends the run after the current sample; rows made so far are still reported. */
  readonly signal: AbortSignal | undefined
}

/** Exit statuses. A bad flag is told from a failed case, so that scripts can tell them apart too. */
export const exit = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** `bench NAME …`: something else than running suites. */
export interface Verb {
  readonly name: string
  /** One line for the help. */
  readonly summary: string
  /** Gives the exit status; a BenchError or CommanderError that it throws is a bad flag. */
  run(argv: readonly string[], io: Io): Promise<number>
}
