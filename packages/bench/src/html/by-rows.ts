/** Time by rows of activations against the limit: how long the bytes alone would take at the roof of the same run. */
import * as Plot from '@observablehq/plot'
import type { BenchRow } from '../rows.js'
import { type Section, draw, htmlTable, legend, seriesColors, unique } from './draw.js'
import { isPeer, plainNumber, seriesOf, threadsOf } from './roofline.js'

interface Point {
  readonly series: string
  readonly panel: string
  readonly m: number
  readonly microseconds: number
  readonly low: number
  readonly high: number
  readonly limit: number
  readonly title: string
}

/** Null when no matrix was measured with two numbers of rows. */
export function byRows(rows: readonly BenchRow[]): Section | null {
  const usable = rows.filter(
    (row) =>
      row.percentOfRoof !== null
      && !isPeer(row)
      && row.versus === undefined
      && row.tokensPerSecond === undefined
      && row.weightsPerSecond === undefined,
  )
  const panels = unique(usable.map(panelOf)).filter(
    (panel) => unique(usable.filter((row) => panelOf(row) === panel).map(({ m }) => m)).length > 1,
  )
  if (panels.length === 0) return null
  const shown = usable.filter((row) => panels.includes(panelOf(row)))
  const points = shown.map(pointOf)
  const series = unique(points.map((point) => point.series))
  const ms = unique(points.map(({ m }) => m)).sort((a, b) => a - b)
  // The least of the formats' limits: a line for each would be the same line.
  const limits = panels.flatMap((panel) =>
    ms.flatMap((m) => {
      const some = points.filter((point) => point.panel === panel && point.m === m).map(({ limit }) => limit)
      return some.length === 0 ? [] : [{ panel, m, limit: Math.min(...some) }]
    }),
  )
  const picture = draw(
    (size) => ({
      height: (size === 'wide' ? 260 : 220) * panels.length + 40,
      marginLeft: 52,
      marginRight: 16,
      marginBottom: 44,
      grid: true,
      x: {
        type: 'log',
        base: 2,
        label: 'rows M →',
        ticks: ms,
        tickFormat: (m: number) => String(m),
        domain: [ms[0] / 1.15, ms[ms.length - 1] * 1.15],
      },
      y: { type: 'log', label: '↑ microseconds', tickFormat: plainNumber, ticks: 5 },
      fy: { label: null, domain: panels, axis: null },
      color: seriesColors(series),
      marks: [
        Plot.frame({ stroke: 'var(--line)' }),
        Plot.line(limits, {
          x: 'm',
          y: 'limit',
          fy: 'panel',
          stroke: 'var(--roof)',
          strokeWidth: 2,
          strokeDasharray: '6 3',
        }),
        Plot.line(points, {
          x: 'm',
          y: 'microseconds',
          z: 'series',
          fy: 'panel',
          stroke: 'series',
          strokeWidth: 1.5,
          sort: 'm',
        }),
        Plot.ruleX(points, { x: 'm', y1: 'low', y2: 'high', fy: 'panel', stroke: 'series', strokeOpacity: 0.5 }),
        Plot.dot(points, { x: 'm', y: 'microseconds', fy: 'panel', fill: 'series', r: 3.5, title: 'title' }),
        Plot.text(panels, {
          fy: (panel: string) => panel,
          text: (panel: string) => panel,
          frameAnchor: 'top-left',
          dx: 6,
          dy: 6,
          fontWeight: 600,
        }),
      ],
    }),
    `Time by rows for ${panels.join('; ')}`,
  )
  const text =
    'Dots are medians, thin lines from the fastest to the slowest sample. The dashed line is the limit: the bytes of the smallest format at the '
    + `memory roof of the same run. ${growth(shown)}`
  const table = htmlTable(
    ['kernel', 'N x K', 'threads', 'M', 'median µs', 'limit µs', 'times the limit'],
    shown.map((row) => {
      const { microseconds, limit } = pointOf(row)
      return [
        seriesOf(row),
        `${row.n} x ${row.k}`,
        row.threads,
        row.m,
        microseconds.toFixed(1),
        limit.toFixed(1),
        (microseconds / limit).toFixed(2),
      ]
    }),
  )
  return { id: 'by-rows', title: 'Time by rows, against the limit', text, picture: legend(series) + picture, table }
}

/** What eight rows cost beside one, best case: the reason for kernels of their own. */
function growth(rows: readonly BenchRow[]): string {
  const ratios = rows.flatMap((row) => {
    const one = rows.find(
      (other) => other.m === 1 && seriesOf(other) === seriesOf(row) && panelOf(other) === panelOf(row),
    )
    return row.m === 8 && one ? [{ row, ratio: row.medianNs / one.medianNs }] : []
  })
  const best = ratios.sort((a, b) => a.ratio - b.ratio)[0] as (typeof ratios)[number] | undefined
  return best
    ? `Eight rows take ${best.ratio.toFixed(1)} times as long as one at best (${seriesOf(best.row)}, ${panelOf(best.row)}).`
    : ''
}

function panelOf(row: BenchRow): string {
  return `${row.n} x ${row.k}, ${threadsOf(row)}`
}

function pointOf(row: BenchRow): Point {
  const limit = row.bytes / row.roofGigabytesPerSecond / 1e3
  const microseconds = row.medianNs / 1e3
  return {
    series: seriesOf(row),
    panel: panelOf(row),
    m: row.m,
    microseconds,
    low: Math.min(...row.samplesNs) / 1e3,
    high: Math.max(...row.samplesNs) / 1e3,
    limit,
    title: `${seriesOf(row)}, M = ${row.m}: ${microseconds.toFixed(1)} µs, ${(microseconds / limit).toFixed(2)} times the limit`,
  }
}
