/** Pictures by Observable Plot, drawn without a browser: the page carries finished SVG and no script. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** A picture is drawn twice, for a desk and for a phone, and the page shows the one that fits: text that is scaled cannot be read. */
export const widths = { wide: 860, narrow: 340 } as const

export type Size = keyof typeof widths

/** Options of Plot but for the width and the document. */
export type Picture = (size: Size) => Plot.PlotOptions

/** Both sizes as HTML. `label` is what a screen reader says in place of the picture. */
export function draw(picture: Picture, label: string): string {
  return (['wide', 'narrow'] as const)
    .map((size) => `<div class="${size}">${svg(picture(size), size, label)}</div>`)
    .join('')
}

function svg(options: Plot.PlotOptions, size: Size, label: string): string {
  // Types of the browser's document are not known here; Plot needs createElementNS and little else.
  const { document } = parseHTML('<!doctype html><html><body></body></html>') as unknown as { document: unknown }
  const all = {
    ...options,
    document,
    width: widths[size],
    style: {
      fontSize: '12px',
      fontFamily: 'inherit',
      background: 'transparent',
      color: 'inherit',
      overflow: 'visible',
    },
    ariaLabel: label,
  }
  const element = Plot.plot(all) as unknown as {
    setAttribute(name: string, value: string): void
    outerHTML: string
  }
  element.setAttribute('role', 'img')
  return element.outerHTML
}

/** Colours that the page has for series. */
const seriesCount = 14

/** Colours of series as variables of the page, which has others in the dark. They repeat after fourteen. */
export function seriesColors(names: readonly string[]): { domain: string[]; range: string[] } {
  return { domain: [...names], range: names.map((_, i) => `var(--series-${(i % seriesCount) + 1})`) }
}

/** A legend as HTML: a swatch and a name for each. */
export function legend(names: readonly string[]): string {
  const items = names.map(
    (name, i) => `<li><i style="background:var(--series-${(i % seriesCount) + 1})"></i>${escape(name)}</li>`,
  )
  return `<ul class="legend">${items.join('')}</ul>`
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Values in the order of first appearance, each once. */
export function unique<T>(values: Iterable<T>): T[] {
  return [...new Set(values)]
}

/** A table as HTML; numbers to the right. */
export function htmlTable(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const head = titles.map((title) => `<th scope="col">${escape(title)}</th>`).join('')
  const cell = (value: string | number): string =>
    /^[+-]?[\d.,]/.test(String(value))
      ? `<td class="number">${escape(String(value))}</td>`
      : `<td>${escape(String(value))}</td>`
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('')
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

export interface Section {
  readonly id: string
  readonly title: string
  /** What the picture says, in words. */
  readonly text: string
  readonly picture: string
  /** The numbers behind it. */
  readonly table: string
}

export function sectionHtml({ id, title, text, picture, table }: Section): string {
  const data = table === '' ? '' : `<details><summary>The numbers</summary>${table}</details>`
  return `<section id="${id}"><h2>${escape(title)}</h2><figure>${picture}<figcaption>${escape(text)}</figcaption></figure>${data}</section>`
}
