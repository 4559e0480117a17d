/**
 * Runs Metal kernels that others wrote under metal-sim and compares them with oracles in float64:
 *   npx tsx third-party/run.ts --ggml DIR --mlx DIR --gpt-oss DIR [--only NAME] [--json]
 * With --remove-barriers, kernels run without theirs, and every one that has any must be found out.
 * docs/third-party.md says which revisions to fetch, and what was found.
 */
import { parseArgs } from 'node:util'
import { formatReport } from '../src/index.js'
import type { Case } from './cases.js'
import { ggmlCases } from './ggml/cases.js'
import { gptOssCases } from './gpt-oss/cases.js'
import { type Outcome, measure } from './measure.js'
import { mlxCases } from './mlx/cases.js'
import { table } from './table.js'

const { values } = parseArgs({
  options: {
    ggml: { type: 'string' },
    mlx: { type: 'string' },
    'gpt-oss': { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    'remove-barriers': { type: 'boolean', default: false },
  },
})

const all: readonly Case[] = [...ggmlCases, ...mlxCases, ...gptOssCases]
const removed = values['remove-barriers']
const chosen = all.filter(
  ({ project, kernel, uses, findings }) =>
    values[project] !== undefined
    && kernel.includes(values.only ?? '')
    && (!removed || (uses.includes('barriers') && !findings)),
)
if (chosen.length === 0) {
  console.error(
    `[third-party] expected --ggml DIR, --mlx DIR or --gpt-oss DIR and a kernel of ${all.map(({ kernel }) => kernel).join(', ')}, got none of these.`,
  )
  process.exit(2)
}

const raced = ({ reports }: Outcome): boolean => reports.some(({ kind }) => kind === 'race' || kind === 'uninitialized')

const outcomes: Outcome[] = []
for (const one of chosen) {
  const measured = await measure(one, values[one.project] ?? '', !removed)
  const outcome = removed ? { ...measured, ok: raced(measured) } : measured
  outcomes.push(outcome)
  if (values.json) continue
  console.error(`${outcome.ok ? 'ok    ' : 'FAILED'} ${one.project} ${one.kernel} (${outcome.seconds.toFixed(1)} s)`)
  if (outcome.ok) continue
  if (outcome.failure !== null) console.error(outcome.failure)
  for (const report of outcome.reports) console.error(formatReport(report))
}
if (values.json) console.log(JSON.stringify(outcomes, null, 2))
else if (!removed) console.log(table(outcomes))
process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1
