/** `bench compare A.json B.json`: what became slower or faster. */
import { Command, InvalidArgumentError } from 'commander'
import { type Compared, compareReports } from '../compare/compare.js'
import { compareText } from '../compare/text.js'
import { fail } from '../errors.js'
import { readReport } from '../read-report.js'
import { type Verb, exit } from './io.js'

interface CompareFlags {
  readonly threshold: number
  readonly failOnSlower?: boolean
  readonly all?: boolean
  readonly json?: boolean
}

export const compareVerb: Verb = {
  name: 'compare',
  summary: 'what became slower or faster between two saved reports',
  run(argv, { stdout, stderr, color }) {
    const program = new Command('bench compare')
      .description(
        'Says what became slower or faster from A to B. A change counts when its 95 % interval leaves 1 out, it is unlikely by chance '
          + '(Mann-Whitney, p < 0.01), larger than the threshold, and more than the memory roof of the machine changed.',
      )
      .argument('<A>', 'a report: what `bench --save A.json` wrote')
      .argument('<B>', 'a later one')
      .option('--threshold <percent>', 'changes below this are not shown', parsePercent, 5)
      .option('--fail-on-slower', 'exit with status 1 when a row became slower')
      .option('--all', 'also rows that did not change')
      .option('--json', 'print the comparison as JSON')
      .addHelpText('after', '\nExample: bench compare before.json after.json --fail-on-slower\n')
      .showHelpAfterError('(--help lists the flags)')
      .configureOutput({ writeOut: stdout, writeErr: stderr })
      .exitOverride()
    program.parse([...argv], { from: 'user' })
    const [a, b] = program.processedArgs as [string, string]
    const { threshold, failOnSlower = false, all = false, json = false } = program.opts<CompareFlags>()
    const compared = compareReports(readReport(a), readReport(b), { threshold: threshold / 100 })
    if (compared.rows.length === 0) {
      fail('compare', 'reports that share a row', 'none', 'Make both with the same suites and flags.')
    }
    stdout(json ? `${JSON.stringify(plain(compared), null, 2)}\n` : compareText(compared, { color, all }))
    const slower = compared.rows.some(({ verdict }) => verdict === 'slower')
    return Promise.resolve(failOnSlower && slower ? exit.failed : exit.ok)
  },
}

/** Without the rows themselves, which the reports have. */
function plain({ rows, ...only }: Compared): object {
  return {
    rows: rows.map(({ before, after, ...row }) => ({ ...row, beforeNs: before.medianNs, afterNs: after.medianNs })),
    ...only,
  }
}

function parsePercent(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1000)) {
    throw new InvalidArgumentError(`Expected a percentage from 0 to 1000, got '${text}'.`)
  }
  return value
}
