/** A comparison as a table for a terminal, or as Markdown. */
import { duration } from '../reporters/columns.js'
import type { Compared, Comparison, Verdict } from './compare.js'

export interface CompareTextOptions {
  readonly color: boolean
  /** Also rows of which nothing is to be said. */
  readonly all?: boolean
}

const codes: Readonly<Record<Verdict, number>> = { slower: 31, faster: 32, same: 2, roof: 2, unsure: 33 }

const titles = ['', 'change', '95 % interval', 'before', 'after', 'p', 'what']

/** What changed first, the worst on top; then a line that counts, and what only one report has. */
export function compareText(
  { rows, onlyBefore, onlyAfter, cpus }: Compared,
  { color, all = false }: CompareTextOptions,
): string {
  const paint = (text: string, code: number): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const shown = [...rows].filter(({ verdict }) => all || verdict !== 'same').sort((a, b) => b.ratio - a.ratio)
  const texts = [titles, ...shown.map(cellsOf)]
  const widths = titles.map((_, column) => Math.max(...texts.map((row) => row[column].length)))
  const lines =
    shown.length === 0
      ? []
      : texts.map((row) =>
          row
            .map((cell, i) => cell.padEnd(widths[i]))
            .join('  ')
            .trimEnd(),
        )
  const painted = lines.map((line, i) => paint(line, i === 0 ? 1 : codes[shown[i - 1].verdict]))
  const count = (verdict: Verdict): number => rows.filter((row) => row.verdict === verdict).length
  const summary =
    `${rows.length} rows: ${count('slower')} slower, ${count('faster')} faster, ${count('same')} the same, `
    + `${count('roof')} as the roof moved, ${count('unsure')} unsure`
  const only = (which: string, keys: readonly string[]): string[] => keys.map((key) => `only in ${which}: ${key}`)
  return [
    ...painted,
    ...(painted.length > 0 ? [''] : []),
    summary,
    ...(cpus ? [`A was made on ${cpus[0]}, B on ${cpus[1]}: differences may be those of the machines`] : []),
    ...only('A', onlyBefore),
    ...only('B', onlyAfter),
    '',
  ].join('\n')
}

function cellsOf({ key, ratio, interval, before, after, probability, verdict }: Comparison): string[] {
  const percent = (value: number): string => `${value >= 1 ? '+' : ''}${(100 * (value - 1)).toFixed(1)} %`
  return [
    verdict,
    percent(ratio),
    `${percent(interval.low)} to ${percent(interval.high)}`,
    duration(before.medianNs),
    duration(after.medianNs),
    probability < 0.001 ? '< 0.001' : probability.toFixed(3),
    key,
  ]
}
