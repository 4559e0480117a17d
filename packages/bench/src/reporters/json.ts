/** Everything, one row a line, so that a report can be read, grepped and compared line by line. */
import type { BenchReport } from '../rows.js'

export function json({ machine, run, rows, counts = [], goals, failures }: BenchReport): string {
  const lines = (values: readonly unknown[]): string =>
    values.length === 0 ? '[]' : `[\n${values.map((value) => `    ${JSON.stringify(value)}`).join(',\n')}\n  ]`
  const fields = [`  "machine": ${JSON.stringify(machine)}`]
  if (run) fields.push(`  "run": ${JSON.stringify(run)}`)
  fields.push(`  "rows": ${lines([...rows, ...counts])}`)
  if (goals) fields.push(`  "goals": ${lines(goals)}`)
  if (failures) fields.push(`  "failures": ${lines(failures)}`)
  return `{\n${fields.join(',\n')}\n}\n`
}
