/** What a preset is to reach, and whether a run of it did. */
import type { BenchRow } from './rows.js'

/** One line of what was wanted, and what was reached. */
export interface Goal {
  /** 'M = 8 against M = 1'. */
  readonly what: string
  readonly threads: number
  readonly wanted: number
  /** Of several rows the one that is farthest from what is wanted; null where none has the figure: it failed, or was not run. */
  readonly reached: number | null
  readonly unit: string
  /** The format of that row, where several were measured. */
  readonly format?: string
  /** The value is to be at most `wanted`; else at least. */
  readonly atMost?: true
  readonly met: boolean
  /** The roof moved while that row was measured: run it again before the figure is believed. */
  readonly unsure?: true
}

/** A goal before anything is measured. */
export interface GoalOptions {
  readonly what: string
  /** The rows it speaks of. */
  readonly of: Readonly<
    Partial<Record<'suite' | 'format' | 'precision' | 'variant' | 'm' | 'n' | 'k', string | number>>
  >
  /** What is wanted, by the number of threads. */
  readonly wanted: Readonly<Record<number, number>>
  readonly atMost?: boolean
  readonly unit: string
  /** The figure of a row, undefined where it has none. `rows` are all rows with as many threads. */
  readonly value: (row: BenchRow, rows: readonly BenchRow[]) => number | null | undefined
}

/** One goal for each number of threads that any row was measured with. */
export function judge(
  { what, of, wanted, atMost = false, unit, value }: GoalOptions,
  rows: readonly BenchRow[],
): Goal[] {
  return Object.entries(wanted).flatMap(([count, bound]): Goal[] => {
    const threads = Number(count)
    const beside = rows.filter((row) => row.threads === threads)
    const figures = beside
      .filter((row) => Object.entries(of).every(([field, wantedValue]) => row[field] === wantedValue))
      .flatMap((row) => {
        const figure = value(row, beside)
        return typeof figure === 'number' ? [{ row, figure }] : []
      })
      .sort((a, b) => (atMost ? b.figure - a.figure : a.figure - b.figure))
    if (beside.length === 0) return []
    const goal = { what, threads, wanted: bound, unit, ...(atMost && { atMost: true as const }) }
    if (figures.length === 0) return [{ ...goal, reached: null, met: false }]
    const [{ row, figure }] = figures
    return [
      {
        ...goal,
        reached: figure,
        ...(figures.length > 1 && { format: row.format }),
        met: atMost ? figure <= bound : figure >= bound,
        ...(row.roofMoved && { unsure: true as const }),
      },
    ]
  })
}
