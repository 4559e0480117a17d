/** What a run gave: sums, plot, table, download. */
import { bytesText, decibels } from '../src/cli/output.js'
import { element } from './dom.js'
import type { Packed } from './pack.js'
import { drawPlot } from './plot.js'

let address: string | undefined

/** Shows a run; earlier runs over the same file stay in the plot, to compare with. */
export function showResult(packed: Packed, earlier: readonly Packed[]): void {
  showSummary(packed)
  showTable(packed)
  showDownload(packed)
  element('result', HTMLElement).hidden = false
  drawPlot(element('plot', HTMLElement), element('legend', HTMLElement), packed, earlier)
}

function showSummary({ label, inputBytes, blob, tensors }: Packed): void {
  const measured = tensors.flatMap(({ error }) => error ?? []).sort((a, b) => a.sqnrDb - b.sqnrDb)
  const rows = [
    ['Packed as', label],
    ['Tensors', `${measured.length} packed, ${tensors.length - measured.length} kept`],
    ['Size', `${bytesText(inputBytes)} → ${bytesText(blob.size)}`],
    ['Median', decibels(measured[Math.floor(measured.length / 2)]) || '–'],
    ['Lowest', decibels(measured[0]) || '–'],
  ]
  element('summary', HTMLElement).replaceChildren(
    ...rows.map(([term, value]) => {
      const group = document.createElement('div')
      group.append(textElement('dt', term), textElement('dd', value))
      return group
    }),
  )
}

function showTable({ tensors }: Packed): void {
  element('rows', HTMLTableSectionElement).replaceChildren(
    ...tensors.map(({ name, shape, format, dtype, bytes, error, reason }) => {
      const row = document.createElement('tr')
      const stored = textElement('td', format ?? dtype)
      if (format === undefined) {
        stored.className = 'kept'
        stored.title = reason ?? ''
      }
      row.append(
        textElement('td', name),
        textElement('td', shape.join(' × ')),
        stored,
        number(bytes.toLocaleString('en')),
        number(decibels(error) || '–'),
        number(error?.maxAbsoluteError.toPrecision(3) ?? '–'),
      )
      return row
    }),
  )
}

function showDownload({ blob, fileName }: Packed): void {
  if (address !== undefined) URL.revokeObjectURL(address)
  address = URL.createObjectURL(blob)
  const link = element('download', HTMLAnchorElement)
  link.href = address
  link.download = fileName
  link.textContent = `Download ${fileName}, ${bytesText(blob.size)}`
  link.hidden = false
}

function number(text: string): HTMLElement {
  const cell = textElement('td', text)
  cell.className = 'number'
  return cell
}

function textElement(tag: string, text: string | undefined): HTMLElement {
  const made = document.createElement(tag)
  made.textContent = text ?? ''
  return made
}
