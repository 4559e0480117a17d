/** The page, without what draws it being loaded before there is something to draw. */
import type { BenchReport } from '../rows.js'
import type { HtmlOptions } from './index.js'

/** Saved reports as one HTML page. Pictures for which no report has rows are left out. */
export async function htmlReport(reports: readonly BenchReport[], options: HtmlOptions = {}): Promise<string> {
  const html = await import('./index.js')
  return html.htmlReport(reports, options)
}
