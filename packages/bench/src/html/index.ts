/** Saved reports as one HTML page: finished pictures, no script, nothing loaded from anywhere. */
import { cells, columns, countColumns, goalColumns, machineLine, roofMovedNote } from '../reporters/columns.js'
import type { BenchReport, BenchRow } from '../rows.js'
import { byRows } from './by-rows.js'
import { type Section, escape, htmlTable, sectionHtml } from './draw.js'
import { peersSection } from './peers.js'
import { roofline } from './roofline.js'
import { stepSection } from './step.js'
import { style } from './style.js'

export interface HtmlOptions {
  /** Default: 'FP4 benchmarks'. */
  readonly title?: string
}

/** The page. Pictures for which no report has rows are left out. */
export function htmlReport(reports: readonly BenchReport[], { title = 'FP4 benchmarks' }: HtmlOptions = {}): string {
  const rows = reports.flatMap((report) => report.rows)
  const counts = reports.flatMap((report) => report.counts ?? [])
  const judged = reports.filter((report) => report.goals !== undefined)
  const sections = [roofline(rows), byRows(rows), stepSection(rows), peersSection(rows)].filter(
    (section): section is Section => section !== null,
  )
  const links = [
    ...(judged.length > 0 ? [['goals', 'Goals']] : []),
    ...sections.map(({ id, title: name }) => [id, name]),
    ['rows', 'All rows'],
  ]
  const nav = links.map(([id, name]) => `<li><a href="#${id}">${escape(name)}</a></li>`).join('')
  const timed = cells(rows, columns)
  const counted = cells(counts, countColumns)
  const tables = [timed, counted]
    .filter(({ texts }) => texts.length > 0)
    .map(({ shown, texts }) =>
      htmlTable(
        shown.map((column) => column.title),
        texts,
      ),
    )
  const note = rows.some(({ roofMoved }) => roofMoved) ? `<p>${escape(roofMovedNote)}</p>` : ''
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
<ul class="machines">${reports.map(machineItem).join('')}</ul>
${failures(reports)}
<nav aria-label="Sections"><ul>${nav}</ul></nav>
${goalsHtml(judged)}
${sections.map(sectionHtml).join('\n')}
<section id="rows"><h2>All rows</h2>${note}<details><summary>${rowCount(rows, counts.length)}</summary>${tables.join('')}</details></section>
</main>
</body>
</html>
`
}

/** What was wanted beside what was reached, before the pictures: a table for each report. */
function goalsHtml(judged: readonly BenchReport[]): string {
  if (judged.length === 0) return ''
  const tables = judged.map(({ goals = [], machine }) => {
    const { shown, texts } = cells(goals, goalColumns)
    const titles = shown.map(({ title }) => title)
    const note = goals.some(({ unsure }) => unsure) ? `<p>${escape(roofMovedNote)}</p>` : ''
    return `<p>${escape(machineLine(machine))}</p>${htmlTable(titles, texts)}${note}`
  })
  return `<section id="goals"><h2>Goals</h2>${tables.join('')}</section>`
}

function machineItem({ machine, run }: BenchReport): string {
  const commit = run?.commit
    ? `, commit ${run.commit.slice(0, 12)}${run.commit.endsWith('+') ? ' with changes' : ''}`
    : ''
  const command = run ? ` <code>bench ${escape(run.arguments.join(' '))}</code>` : ''
  return `<li>${escape(machineLine(machine) + commit)}${command}</li>`
}

function failures(reports: readonly BenchReport[]): string {
  const all = reports.flatMap((report) => report.failures ?? [])
  if (all.length === 0) return ''
  const items = all.map((one) => `<li>${escape(`${one.suite}: ${one.case}: ${one.message}`)}</li>`)
  return `<div class="failures" role="note"><p>Failed:</p><ul>${items.join('')}</ul></div>`
}

function rowCount(rows: readonly BenchRow[], counts: number): string {
  const timed = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`
  return counts > 0 ? `${timed}, and ${counts} of counts` : timed
}
