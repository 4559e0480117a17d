/** Where the time of a decode step goes: a bar for each model, cut by kernel. */
import * as Plot from '@observablehq/plot'
import type { BenchRow } from '../rows.js'
import { type Section, draw, htmlTable, legend, seriesColors, unique } from './draw.js'
import { threadsOf } from './roofline.js'

/** Time of a step during which no kernel ran. */
const rest = 'outside kernels'

/** Kernels that have a name of their own in the picture; the small ones share one. */
const named = 7
const others = 'other kernels'

interface Piece {
  readonly bar: string
  readonly kernel: string
  /** Of the step as it runs without a profile, in percent. */
  readonly percent: number
  readonly microseconds: number
  readonly calls: number | null
}

/** Null when no row has a profile. */
export function stepSection(rows: readonly BenchRow[]): Section | null {
  const profiled = rows.filter(({ parts }) => parts !== undefined && parts.length > 0)
  if (profiled.length === 0) return null
  const pieces = profiled.flatMap(piecesOf)
  const weight = (kernel: string): number =>
    pieces.filter((piece) => piece.kernel === kernel).reduce((sum, { percent }) => sum + percent, 0)
  const kernels = unique(pieces.map(({ kernel }) => kernel))
    .filter((kernel) => kernel !== rest)
    .sort((a, b) => weight(b) - weight(a))
  const shown = new Set(kernels.length > named + 1 ? kernels.slice(0, named) : kernels)
  const groups = [...shown, ...(shown.size < kernels.length ? [others] : []), rest]
  const bars = unique(pieces.map(({ bar }) => bar))
  const drawn = bars.flatMap((bar) =>
    groups.map((kernel) => {
      const mine = pieces.filter(
        (piece) =>
          piece.bar === bar && (shown.has(piece.kernel) || piece.kernel === rest ? piece.kernel : others) === kernel,
      )
      const percent = mine.reduce((sum, piece) => sum + piece.percent, 0)
      return { bar, kernel, percent, title: `${bar}: ${kernel}, ${percent.toFixed(1)} % of the step` }
    }),
  )
  const picture = draw(
    (size) => ({
      height: bars.length * (size === 'wide' ? 40 : 52) + 60,
      marginLeft: size === 'wide' ? 230 : 8,
      marginRight: 16,
      marginBottom: 44,
      x: {
        label: 'percent of the step →',
        domain: [
          0,
          Math.max(
            100,
            ...bars.map((bar) => drawn.filter((one) => one.bar === bar).reduce((sum, { percent }) => sum + percent, 0)),
          ),
        ],
        grid: true,
        ticks: 5,
      },
      y: { label: null, domain: bars, axis: size === 'wide' ? 'left' : null, padding: size === 'wide' ? 0.25 : 0.5 },
      color: seriesColors(groups),
      marks: [
        Plot.barX(drawn, { x: 'percent', y: 'bar', fill: 'kernel', title: 'title', order: groups }),
        ...(size === 'narrow'
          ? [
              Plot.text(bars, {
                y: (bar: string) => bar,
                x: () => 0,
                text: (bar: string) => bar,
                textAnchor: 'start',
                dy: -21,
              }),
            ]
          : []),
        Plot.ruleX([0]),
      ],
    }),
    `A decode step by kernel, for ${bars.join('; ')}`,
  )
  const largest = profiled.map((row) => {
    const own = piecesOf(row)
    const outside = own.find(({ kernel }) => kernel === rest)
    return `${barOf(row)}: ${own[0].kernel} ${own[0].percent.toFixed(0)} %${outside ? `, ${rest} ${outside.percent.toFixed(0)} %` : ''}`
  })
  const text =
    'Times of kernels come from runs that time each dispatch by itself, the step from runs that do not. Outside kernels: handing out work, waiting for it, the host. '
    + `${largest.join('. ')}.`
  const table = htmlTable(
    ['step', 'kernel', 'calls', 'µs', '% of the step'],
    pieces.map(({ bar, kernel, calls, microseconds, percent }) => [
      bar,
      kernel,
      calls ?? '',
      microseconds.toFixed(1),
      percent.toFixed(1),
    ]),
  )
  return { id: 'step', title: 'A decode step by kernel', text, picture: legend(groups) + picture, table }
}

function barOf(row: BenchRow): string {
  return `${[row.variant ?? row.kernel, row.format, row.precision === 'float32' ? '' : row.precision].filter(Boolean).join(' ')}, ${threadsOf(row)}, ${(row.medianNs / 1e6).toFixed(2)} ms`
}

function piecesOf(row: BenchRow): Piece[] {
  const { parts = [], medianNs, outsideKernelsNs } = row
  // Kernels and what no kernel has are measured at one time, the step at another.
  const kernelsNs = parts.reduce((sum, { durationNs }) => sum + durationNs, 0)
  const stepNs = outsideKernelsNs === undefined ? medianNs : kernelsNs + outsideKernelsNs
  const piece = (kernel: string, durationNs: number, calls: number | null): Piece => ({
    bar: barOf(row),
    kernel,
    percent: (100 * durationNs) / stepNs,
    microseconds: durationNs / 1e3,
    calls,
  })
  const all = parts
    .map(({ kernel, durationNs, calls }) => piece(kernel, durationNs, calls))
    .sort((a, b) => b.percent - a.percent)
  return outsideKernelsNs === undefined ? all : [...all, piece(rest, outsideKernelsNs, null)]
}
