import { describe, expect, it } from 'vitest'
import { type BenchReport, type GoalOptions, judge, report } from '../src/index.js'
import { sampleReport } from './support/sample-report.js'

const [template] = sampleReport.rows
const row = (fields: Partial<typeof template>): typeof template => ({
  ...template,
  suite: 'gemv',
  m: 1,
  threads: 1,
  ...fields,
})
const rows = [
  row({ format: 'fp4', percentOfRoof: 95 }),
  row({ format: 'nvfp4', percentOfRoof: 80, roofMoved: true }),
  row({ format: 'fp4', percentOfRoof: null }),
  row({ format: 'fp4', percentOfRoof: 91, threads: 2 }),
  row({ format: 'fp4', percentOfRoof: 10, m: 8, times: 2.5 }),
]
const roof: GoalOptions = {
  what: 'one row',
  of: { suite: 'gemv', m: 1 },
  wanted: { 1: 90, 2: 91, 4: 50 },
  unit: '% of the roof',
  value: ({ percentOfRoof }) => percentOfRoof,
}

describe('judge', () => {
  it('takes the row that is farthest from what is wanted, for each number of threads that was measured', () => {
    expect(judge(roof, rows)).toEqual([
      {
        what: 'one row',
        threads: 1,
        wanted: 90,
        reached: 80,
        unit: '% of the roof',
        format: 'nvfp4',
        met: false,
        unsure: true,
      },
      { what: 'one row', threads: 2, wanted: 91, reached: 91, unit: '% of the roof', met: true },
    ])
    // Not measured is not met; of four threads there is no row at all.
    expect(judge({ ...roof, of: { suite: 'gemm' } }, rows)).toEqual([
      { what: 'one row', threads: 1, wanted: 90, reached: null, unit: '% of the roof', met: false },
      { what: 'one row', threads: 2, wanted: 91, reached: null, unit: '% of the roof', met: false },
    ])
  })

  it('knows bounds from above, and hands on the rows beside', () => {
    const times = { ...roof, of: { m: 8 }, wanted: { 1: 2 }, atMost: true, unit: 'x M = 1' }
    const value: GoalOptions['value'] = (one, beside) => (beside.length === 4 ? one.times : undefined)
    expect(judge({ ...times, value }, rows)).toEqual([
      { what: 'one row', threads: 1, wanted: 2, reached: 2.5, unit: 'x M = 1', atMost: true, met: false },
    ])
  })
})

describe('a report with goals', () => {
  const results: BenchReport = { ...sampleReport, goals: judge(roof, rows) }

  it.each(['table', 'md'] as const)('says in a %s which are met', (format) => {
    const lines = report(results, format).split('\n')
    const words = (line: string): string[] => line.split(/[\s|]+/).filter(Boolean)
    const start = lines.findIndex((line) => words(line)[0] === 'goal')
    const shown = lines
      .slice(start)
      .map(words)
      .filter(([first]) => first === 'one')
    expect(shown).toEqual([
      'one row 1 at least 90 % of the roof 80.00 nvfp4 NO*'.split(' '),
      'one row 2 at least 91 % of the roof 91.00 yes'.split(' '),
    ])
    expect(report(sampleReport, format)).not.toContain('goal')
  })

  it('shows on which side of the bound a figure is, and what was not measured', () => {
    const one = { what: 'a', threads: 1, unit: 'x', met: false }
    const goals = [
      { ...one, wanted: 90, reached: 89.97 },
      { ...one, wanted: 1.1, reached: 1.104, atMost: true as const },
      { ...one, wanted: 350, reached: 1020 },
      { ...one, wanted: 2, reached: null },
    ]
    const text = report({ ...sampleReport, goals }, 'table')
    for (const shown of ['89.97', '1.104', '1020.0', 'not measured']) expect(text).toContain(shown)
  })

  it('has them in JSON', () => {
    expect(JSON.parse(report(results, 'json'))).toMatchObject({ goals: results.goals })
    expect(JSON.parse(report(sampleReport, 'json'))).not.toHaveProperty('goals')
  })
})
