/** The roofline: what a kernel computes in a second over what it computes for each byte, below the line that memory draws. */
import * as Plot from '@observablehq/plot'
import type { BenchRow } from '../rows.js'
import { medianOf } from '../statistics.js'
import { type Section, draw, htmlTable, legend, seriesColors, unique } from './draw.js'

interface Point {
  readonly series: string
  readonly threads: string
  readonly m: number
  /** Operations a byte. */
  readonly intensity: number
  readonly gigaflops: number
  readonly title: string
}

/** Null when no row has operations. Rows in a cache and of peers are left out: the first have no roof, the others a section of their own. */
export function roofline(rows: readonly BenchRow[]): Section | null {
  const measured = rows.filter(
    (row) =>
      row.gigaflopsPerSecond !== undefined && row.percentOfRoof !== null && row.versus === undefined && !isPeer(row),
  )
  if (measured.length === 0) return null
  const points = measured.map(pointOf)
  const series = unique(points.map((point) => point.series))
  const roofs = unique(points.map(({ threads }) => threads)).map((threads) => ({
    threads,
    ...roofsOf(measured.filter((row) => threadsOf(row) === threads)),
    most: Math.max(...points.filter((point) => point.threads === threads).map(({ gigaflops }) => gigaflops)),
  }))
  const lowest = Math.min(...points.map(({ intensity }) => intensity)) / 1.3
  const highest = Math.max(...points.map(({ intensity }) => intensity)) * 1.3
  const lines = roofs.flatMap(({ threads, roof, most }) => {
    const knee = Math.min(highest, Math.max(lowest, most / roof))
    return [
      { threads, intensity: lowest, gigaflops: lowest * roof },
      { threads, intensity: knee, gigaflops: knee * roof },
      ...(knee < highest ? [{ threads, intensity: highest, gigaflops: most }] : []),
    ]
  })
  // Each dot had the roof of its own minute: all of them lie below the upper edge of the band.
  const bands = roofs.flatMap(({ threads, least, greatest, most }) =>
    [lowest, most / greatest, most / least, highest]
      .filter((intensity) => intensity >= lowest && intensity <= highest)
      .map((intensity) => ({
        threads,
        intensity,
        low: Math.min(most, intensity * least),
        high: Math.min(most, intensity * greatest),
      })),
  )
  const heights = [...[...points, ...lines].map(({ gigaflops }) => gigaflops), ...bands.map(({ low }) => low)]
  const [bottom, top] = [Math.min(...heights) / 1.4, Math.max(...heights) * 2.5]
  const label = `Roofline: ${points.length} measurements of ${series.length} kernels`
  const picture = draw(
    (size) => ({
      height: (size === 'wide' ? 300 : 240) * roofs.length + 40,
      marginLeft: 52,
      marginRight: 16,
      marginBottom: 44,
      grid: true,
      x: {
        type: 'log',
        label: 'operations a byte →',
        domain: [lowest, highest],
        ticks: size === 'wide' ? 8 : 4,
        tickFormat: plainNumber,
      },
      // Room above for the name of the panel.
      y: { type: 'log', label: '↑ GFLOP/s', domain: [bottom, top], tickFormat: plainNumber, ticks: 5 },
      fy: { label: null, domain: roofs.map(({ threads }) => threads), axis: null },
      color: seriesColors(series),
      marks: [
        Plot.frame({ stroke: 'var(--line)' }),
        Plot.areaY(bands, {
          x: 'intensity',
          y1: 'low',
          y2: 'high',
          fy: 'threads',
          fill: 'var(--roof)',
          fillOpacity: 0.2,
        }),
        Plot.line(lines, {
          x: 'intensity',
          y: 'gigaflops',
          fy: 'threads',
          stroke: 'var(--roof)',
          strokeWidth: 2,
          strokeDasharray: '6 3',
        }),
        Plot.dot(points, {
          x: 'intensity',
          y: 'gigaflops',
          fy: 'threads',
          fill: 'series',
          stroke: 'var(--page)',
          strokeWidth: 0.6,
          r: 5,
          title: 'title',
        }),
        Plot.text(roofs, {
          fy: 'threads',
          text: ({ threads, least, greatest }: { threads: string; least: number; greatest: number }) =>
            `${threads}: memory reads ${inRange(least, greatest)} GB/s`,
          frameAnchor: 'top-left',
          dx: 6,
          dy: 6,
          fontWeight: 600,
        }),
      ],
    }),
    label,
  )
  const best = [...measured]
    .filter(({ m }) => m === 1)
    .sort((a, b) => (b.percentOfRoof ?? 0) - (a.percentOfRoof ?? 0))[0] as BenchRow | undefined
  const text = [
    'Each dot is a kernel at one shape and one number of rows M; further right is more rows for each weight that is read.',
    'The band is what memory allows, from the least roof of a row to the greatest, the dashed line its median; after its bend it is the most that was measured.',
    best
      && `The nearest to the roof with one row is ${seriesOf(best)} at ${best.n} x ${best.k}, ${threadsOf(best)}: ${(best.percentOfRoof ?? 0).toFixed(0)} % of it.`,
  ]
  const table = htmlTable(
    ['kernel', 'threads', 'M', 'N x K', 'operations a byte', 'GFLOP/s', '% of roof'],
    measured.map((row) => [
      seriesOf(row),
      row.threads,
      row.m,
      `${row.n} x ${row.k}`,
      ((row.gigaflopsPerSecond ?? 0) / row.gigabytesPerSecond).toFixed(2),
      (row.gigaflopsPerSecond ?? 0).toFixed(1),
      (row.percentOfRoof ?? 0).toFixed(1),
    ]),
  )
  return {
    id: 'roofline',
    title: 'Roofline',
    text: text.filter(Boolean).join(' '),
    picture: legend(series) + picture,
    table,
  }
}

interface Roofs {
  readonly least: number
  readonly roof: number
  readonly greatest: number
}

/** Of all reports, whatever machine and minute. */
function roofsOf(rows: readonly BenchRow[]): Roofs {
  const all = rows.map((row) => row.roofGigabytesPerSecond)
  return { least: Math.min(...all), roof: medianOf(all), greatest: Math.max(...all) }
}

/** "31 to 44", or "40" for two that are one when they are rounded. */
function inRange(least: number, greatest: number): string {
  return unique([least, greatest].map((value) => value.toFixed(0))).join(' to ')
}

export function isPeer(row: BenchRow): boolean {
  return row.engine !== undefined && row.versus === undefined
}

/** Kernel, variant, format and, where it is not the plain one, precision. */
export function seriesOf({ kernel, variant, format, precision }: BenchRow): string {
  return [kernel, variant, format, precision === 'float32' ? undefined : precision].filter(Boolean).join(' ')
}

export function threadsOf({ threads, device }: BenchRow): string {
  return threads === 0 ? device : threads === 1 ? '1 thread' : `${threads} threads`
}

/** 0.5, 20, 3k: few digits for an axis. */
export function plainNumber(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(3)))
}

function pointOf(row: BenchRow): Point {
  const gigaflops = row.gigaflopsPerSecond ?? 0
  return {
    series: seriesOf(row),
    threads: threadsOf(row),
    m: row.m,
    intensity: gigaflops / row.gigabytesPerSecond,
    gigaflops,
    title: `${seriesOf(row)}, M = ${row.m}, ${row.n} x ${row.k}, ${threadsOf(row)}: ${gigaflops.toFixed(1)} GFLOP/s, ${(row.percentOfRoof ?? 0).toFixed(0)} % of the roof`,
  }
}
