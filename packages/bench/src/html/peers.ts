/** Races with peers: how many times as fast, with the interval that holds the median of the pairs. */
import * as Plot from '@observablehq/plot'
import { duration } from '../reporters/columns.js'
import type { BenchRow } from '../rows.js'
import { type Section, draw, htmlTable, legend, seriesColors, unique } from './draw.js'
import { isPeer, plainNumber, threadsOf } from './roofline.js'

interface Race {
  readonly what: string
  readonly versus: string
  readonly speedup: number
  readonly low: number
  readonly high: number
  readonly title: string
}

/** Null when there was no race. */
export function peersSection(rows: readonly BenchRow[]): Section | null {
  const all = rows.filter(({ versus }) => versus !== undefined)
  if (all.length === 0) return null
  const ours = all.filter(({ speedup }) => speedup !== undefined)
  const races = ours.map(raceOf)
  const versus = unique(races.map((race) => race.versus))
  const whats = unique(races.map(({ what }) => what))
  const lowest = Math.min(0.8, ...races.map(({ low }) => low)) / 1.1
  const highest = Math.max(1.25, ...races.map(({ high }) => high)) * 1.15
  const picture = draw(
    (size) => ({
      height: whats.length * (size === 'wide' ? 30 : 48) + 60,
      marginLeft: size === 'wide' ? 330 : 8,
      marginRight: 40,
      marginBottom: 44,
      x: {
        type: 'log',
        label: 'times as fast →',
        domain: [lowest, highest],
        grid: true,
        tickFormat: plainNumber,
        ticks: size === 'wide' ? 8 : 4,
      },
      y: { label: null, domain: whats, axis: size === 'wide' ? 'left' : null, padding: 0.5, type: 'band' },
      color: seriesColors(versus),
      marks: [
        Plot.ruleX([1], { stroke: 'var(--roof)', strokeWidth: 2, strokeDasharray: '6 3' }),
        Plot.ruleY(races, { y: 'what', x1: 'low', x2: 'high', stroke: 'versus', strokeWidth: 5, strokeOpacity: 0.45 }),
        Plot.dot(races, { x: 'speedup', y: 'what', fill: 'versus', r: 5, title: 'title' }),
        Plot.text(races, {
          x: 'high',
          y: 'what',
          text: ({ speedup }: Race) => speedup.toFixed(2),
          textAnchor: 'start',
          dx: 8,
          fill: 'currentColor',
        }),
        ...(size === 'narrow'
          ? [
              Plot.text(whats, {
                y: (what: string) => what,
                x: () => lowest,
                text: (what: string) => what,
                textAnchor: 'start',
                dy: -16,
                stroke: 'var(--page)',
                strokeWidth: 4,
                fill: 'currentColor',
              }),
            ]
          : []),
      ],
    }),
    `Races with ${versus.join(' and ')}: ${races.map(({ what, speedup }) => `${what} ${speedup.toFixed(2)}`).join('; ')}`,
  )
  const settings = unique(
    rows
      .filter(isPeer)
      .flatMap((row) =>
        typeof row.peerSettings === 'string' ? [`${String(row.engine)} ran with ${row.peerSettings}`] : [],
      ),
  )
  const unequal = all
    .filter(({ unequalThreads }) => unequalThreads)
    .map((row) => {
      const other = peerOf(row, rows)
      return `${String(row.versus)} could not run with ${threadsOf(row)}${other ? ` and had ${threadsOf(other)}` : ''}: ${raceOf(row).what} has times and no quotient.`
    })
  const text =
    'Both ran the same geometry in turns, with the same threads wherever there is a quotient. A dot is the median over pairs of the peer’s time over ours, its bar the interval that holds that median with '
    + `95 % confidence; right of the dashed line we are faster. ${[...settings.map((one) => `${one}.`), ...unequal].join(' ')}`
  const table = htmlTable(
    ['race', 'against', 'ours', 'theirs', 'times as fast', '95 % interval', 'pairs'],
    all.map((row) => {
      const other = peerOf(row, rows)
      const { what, speedup, low, high } = raceOf(row)
      const isRace = row.speedup !== undefined
      return [
        what,
        row.versus ?? '',
        rate(row),
        other ? rate(other) + (isRace ? '' : ` with ${threadsOf(other)}`) : '',
        isRace ? speedup.toFixed(2) : '',
        isRace ? `${low.toFixed(2)} to ${high.toFixed(2)}` : '',
        row.samplesNs.length,
      ]
    }),
  )
  return {
    id: 'peers',
    title: 'Side by side with others',
    text,
    picture: ours.length === 0 ? '' : legend(versus) + picture,
    table,
  }
}

/** The peer's row of a race: it follows ours, and its threads alone may be others. */
function peerOf(row: BenchRow, rows: readonly BenchRow[]): BenchRow | undefined {
  const next = rows.at(rows.indexOf(row) + 1)
  return next && isPeer(next) && next.engine === row.versus && sameWork(next, row) ? next : undefined
}

function sameWork(a: BenchRow, b: BenchRow): boolean {
  return (['suite', 'kernel', 'variant', 'format', 'm', 'n', 'k', 'layers'] as const).every(
    (field) => a[field] === b[field],
  )
}

function rate(row: BenchRow): string {
  return row.tokensPerSecond === undefined ? duration(row.medianNs) : `${row.tokensPerSecond.toFixed(1)} tokens/s`
}

function raceOf(row: BenchRow): Race {
  const {
    kernel,
    variant,
    format,
    m,
    n,
    k,
    layers,
    versus = '',
    speedup = NaN,
    speedupLow = NaN,
    speedupHigh = NaN,
  } = row
  const size =
    variant === undefined
      ? `${n} x ${k}, M = ${m}`
      : [variant, typeof layers === 'number' ? `${layers} layers` : '', m > 1 ? `${m} tokens` : '']
          .filter(Boolean)
          .join(', ')
  const what = `${kernel}, ${size}, ${format}, ${threadsOf(row)}`
  const title = `${what}: ${speedup.toFixed(2)} times as fast as ${versus} (${speedupLow.toFixed(2)} to ${speedupHigh.toFixed(2)})`
  return { what, versus, speedup, low: speedupLow, high: speedupHigh, title }
}
