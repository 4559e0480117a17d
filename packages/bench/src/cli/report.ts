/** `bench report A.json … -o page.html`: pictures. */
import { Command } from 'commander'
import { fail } from '../errors.js'
import { htmlReport } from '../html/lazy.js'
import { checkOutput, isSameFile, writeOutput } from '../output-file.js'
import { readReport } from '../read-report.js'
import { type Verb, exit } from './io.js'

export const reportVerb: Verb = {
  name: 'report',
  summary: 'one HTML page with pictures, from saved reports',
  async run(argv, { stdout, stderr }) {
    const program = new Command('bench report')
      .description(
        'Makes one HTML page of saved reports: the roofline, times by rows, a decode step by kernel, races with peers. It needs no network.',
      )
      .argument('<files...>', 'reports: what `bench --save A.json` wrote')
      .requiredOption('-o, --output <page>', 'the HTML file to write')
      .option('--title <text>', 'its title', 'FP4 benchmarks')
      .addHelpText('after', '\nExample: bench report gemv.json peers.json -o page.html\n')
      .showHelpAfterError('(--help lists the flags)')
      .configureOutput({ writeOut: stdout, writeErr: stderr })
      .exitOverride()
    program.parse([...argv], { from: 'user' })
    const { output, title } = program.opts<{ output: string; title: string }>()
    const files = program.processedArgs[0] as string[]
    const reports = files.map((path) => readReport(path))
    if (files.some((path) => isSameFile(path, output)))
      fail('--output', 'a page beside the reports', `${output}, which is one of them`, 'Name another: -o page.html.')
    checkOutput('report', output)
    const page = await htmlReport(reports, { title })
    writeOutput('report', output, page)
    stderr(`${output}: ${(page.length / 1e3).toFixed(0)} kB\n`)
    return exit.ok
  },
}
