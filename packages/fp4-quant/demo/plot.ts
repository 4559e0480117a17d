/** Error by tensor: a dot for each, beside those of earlier runs. */
import * as Plot from '@observablehq/plot'
import type { Packed } from './pack.js'

interface Dot {
  readonly name: string
  /** Place in the file. */
  readonly index: number
  readonly decibels: number
  readonly run: string
}

/** With more tensors than this, names do not fit beside the dots. */
const mostNames = 32
/** The last run, and those before it: more than these tell nothing apart. */
const mostRuns = 4
const colors = ['var(--accent)', 'var(--other)', '#7b7fb5', '#7a8a4a']

export function drawPlot(target: HTMLElement, legend: HTMLElement, packed: Packed, earlier: readonly Packed[]): void {
  const runs = [packed, ...earlier.filter(({ label }) => label !== packed.label).reverse()]
    .filter((run, at, all) => all.findIndex(({ label }) => label === run.label) === at)
    .slice(0, mostRuns)
  const dots = runs.flatMap(dotsOf)
  const order = packed.tensors.filter(({ error }) => error !== undefined).map(({ name }) => name)
  const named = order.length <= mostNames
  const prefix = commonPrefix(order)
  const suffix = order.every((name) => name.endsWith('.weight')) ? '.weight'.length : 0
  const color = {
    domain: runs.map(({ label }) => label),
    range: colors.slice(0, runs.length),
  }
  const shared: Plot.DotOptions = {
    fill: 'run',
    r: 4,
    title: ({ name, decibels, run }: Dot) => `${name}\n${decibels.toFixed(2)} dB\n${run}`,
  }
  const width = Math.max(320, Math.min(912, target.clientWidth || 912))
  const label = `Signal to quantization noise of ${order.length} tensors, in dB`
  const figure = Plot.plot({
    width,
    color,
    ariaLabel: label,
    className: 'sqnr',
    marginBottom: 48,
    style: { fontSize: '12px' },
    ...(named
      ? {
          height: 80 + order.length * 24,
          marginLeft: width < 560 ? 150 : 230,
          x: { label: 'dB', labelOffset: 40, grid: true, nice: true },
          y: {
            domain: order,
            label: null,
            tickFormat: (name: string) => shorten(name.slice(prefix, name.length - suffix), width < 560 ? 20 : 34),
          },
          marks: [Plot.dot(dots, { ...shared, x: 'decibels', y: 'name' })],
        }
      : {
          height: 340,
          x: { label: 'place in the file', grid: false },
          y: { label: 'dB', grid: true, nice: true },
          marks: [Plot.dot(dots, { ...shared, x: 'index', y: 'decibels', r: 3 })],
        }),
  })
  figure.setAttribute('role', 'img')
  target.replaceChildren(figure)
  legend.replaceChildren(
    ...runs.flatMap((run, at) => {
      const mark = document.createElement('i')
      mark.style.background = colors[at] ?? ''
      return [mark, run.label]
    }),
  )
}

function dotsOf({ tensors, label }: Packed): Dot[] {
  return tensors.flatMap(({ name, error }, index) =>
    error === undefined || !Number.isFinite(error.sqnrDb) ? [] : [{ name, index, decibels: error.sqnrDb, run: label }],
  )
}

/** Length of what all names begin with, up to a dot. */
function commonPrefix(names: readonly string[]): number {
  const [first = ''] = names
  let length = 0
  while (length < first.length && names.every((name) => name[length] === first[length])) length++
  return first.lastIndexOf('.', length) + 1
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `…${text.slice(text.length - most + 1)}`
}
