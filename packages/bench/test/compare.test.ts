import { describe, expect, it } from 'vitest'
import {
  type BenchReport,
  type BenchRow,
  compareReports,
  medianInterval,
  ratioInterval,
  sameProbability,
} from '../src/index.js'
import { leastProbability } from '../src/compare/interval.js'
import { compareText } from '../src/compare/text.js'
import { makeRow } from '../src/rows.js'

const machine = {
  cpu: 'Test CPU',
  cores: 2,
  threads: 2,
  memoryBytes: 1e9,
  platform: 'linux x64',
  node: 'v20.20.2',
  date: '2026-01-31T12:00:00.000Z',
}

interface Made {
  readonly kernel?: string
  readonly samples?: readonly number[]
  readonly roof?: number
  readonly m?: number
  readonly more?: Partial<BenchRow>
}

function row({ kernel = 'gemv_fp4', samples = around(100), roof = 40, m = 1, more = {} }: Made): BenchRow {
  const run = (): Promise<never> => Promise.reject(new Error('not run'))
  const one = { kernel, format: 'fp4', precision: 'float32', m, n: 64, k: 64, bytes: 3000, run }
  return makeRow(one, samples, { suite: 'gemv', device: 'Test CPU', threads: 1, roofGigabytesPerSecond: roof, more })
}

function report(...rows: readonly BenchRow[]): BenchReport {
  return { machine, rows }
}

/** Fifteen samples within 3 % of a middle. */
function around(middle: number): number[] {
  return Array.from({ length: 15 }, (_, i) => middle * (1 + ((((i * 7) % 15) - 7) / 7) * 0.03))
}

describe('medianInterval', () => {
  it('takes the order statistics of the sign test', () => {
    // For n = 10, P(X <= 1) = 11/1024 = 1.1 % and P(X <= 2) = 5.5 %: the 2nd and the 9th.
    expect(medianInterval([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])).toEqual({ low: 2, high: 9 })
    // For n = 6, P(X = 0) = 1.6 %: the first and the last.
    expect(medianInterval([1, 2, 3, 4, 5, 6])).toEqual({ low: 1, high: 6 })
    expect(medianInterval(Array.from({ length: 15 }, (_, i) => i))).toEqual({ low: 3, high: 11 })
  })

  it('is the whole range when there are too few samples to be sure', () => {
    expect(medianInterval([3, 1, 2])).toEqual({ low: 1, high: 3 })
    expect(medianInterval([5])).toEqual({ low: 5, high: 5 })
  })
})

describe('two samples', () => {
  it('of one distribution are probably the same, apart they are not', () => {
    expect(sameProbability(around(100), around(100))).toBeGreaterThan(0.9)
    expect(sameProbability(around(100), around(110))).toBeLessThan(0.001)
    expect(sameProbability(around(110), around(100))).toBeLessThan(0.001)
    const many = [...around(100), ...around(101), ...around(99)]
    expect(
      sameProbability(
        many,
        many.map((ns) => ns * 1.05),
      ),
    ).toBeLessThan(0.001)
    expect(sameProbability(many, many)).toBeGreaterThan(0.9)
  })

  it('few as they are have the probability that is counted out', () => {
    // Of the C(n + m, n) ways to choose the lower ones: both extremes for what is wholly apart.
    expect(sameProbability([1, 2], [100, 200])).toBeCloseTo(2 / 6, 12)
    expect(sameProbability([1, 2, 3], [4, 5, 6])).toBeCloseTo(2 / 20, 12)
    expect(sameProbability([8, 9, 10, 6, 7], [1, 2, 5, 4, 3])).toBeCloseTo(2 / 252, 12)
    expect(sameProbability([1, 2, 4], [3, 5, 6])).toBeCloseTo(4 / 20, 12)
    // Ranks 2, 2, 2 and 4 are chosen by two: every sum is as far from the mean.
    expect(sameProbability([1, 1], [1, 2])).toBe(1)
    expect(sameProbability([], [1, 2])).toBe(1)
    expect(leastProbability(1, 1)).toBe(1)
    expect(leastProbability(6, 4)).toBeCloseTo(2 / 210, 12)
  })

  it('have the same probability counted out as approximated, where one ends and the other begins', () => {
    const samples = (count: number, middle: number): number[] =>
      Array.from({ length: count }, (_, i) => middle + ((i * 13) % 41))
    const [counted, approximated] = [20, 21].map((count) => sameProbability(samples(20, 100), samples(count, 109)))
    expect(counted).toBeGreaterThan(0.001)
    expect(approximated / counted).toBeGreaterThan(0.8)
    expect(approximated / counted).toBeLessThan(1.25)
  })

  it('have an interval of the ratio of their medians, the same every time', () => {
    const interval = ratioInterval(around(100), around(120))
    expect(interval.low).toBeGreaterThan(1.15)
    expect(interval.high).toBeLessThan(1.25)
    expect(ratioInterval(around(100), around(120))).toEqual(interval)
  })
})

describe('compareReports', () => {
  const verdict = (before: Made, after: Made, options = {}): string =>
    compareReports(report(row(before)), report(row(after)), options).rows[0].verdict

  it('says slower and faster beyond the threshold and the spread', () => {
    expect(verdict({}, { samples: around(110) })).toBe('slower')
    expect(verdict({}, { samples: around(90) })).toBe('faster')
    expect(verdict({}, { samples: around(103) })).toBe('same')
    expect(verdict({}, { samples: around(110) }, { threshold: 0.2 })).toBe('same')
  })

  it('calls nothing a change that the spread explains', () => {
    const noisy = [60, 70, 80, 90, 100, 110, 120, 130, 140]
    expect(verdict({ samples: noisy }, { samples: noisy.map((ns) => ns * 1.1) })).toBe('same')
  })

  it('blames the roof when it moved as far as the time', () => {
    expect(verdict({ roof: 40 }, { roof: 35, samples: around(114) })).toBe('roof')
    expect(verdict({ roof: 40 }, { roof: 46, samples: around(87) })).toBe('roof')
    // Slower by more than the roof.
    expect(verdict({ roof: 40 }, { roof: 35, samples: around(150) })).toBe('slower')
    // What does not wait for memory has no such excuse: half of the roof, or many rows.
    const half = around(150)
    expect(verdict({ roof: 40, samples: half }, { roof: 35, samples: half.map((ns) => ns * 1.14) })).toBe('slower')
    expect(verdict({ roof: 40, m: 64 }, { roof: 35, m: 64, samples: around(114) })).toBe('slower')
  })

  it.each([3, 4, 5, 6])('never calls a halved speed the same, with %i samples', (count) => {
    const samples = Array.from({ length: count }, (_, i) => 100 + i)
    const halved = samples.map((ns) => 2 * ns)
    // Of 4 a side the least probability is 2 / 70, of 5 it is 2 / 252.
    expect(verdict({ samples }, { samples: halved })).toBe(count < 5 ? 'unsure' : 'slower')
    expect(verdict({ samples: halved }, { samples })).toBe(count < 5 ? 'unsure' : 'faster')
    expect(verdict({ samples }, { samples: halved }, { significance: 0.03 })).toBe(count < 4 ? 'unsure' : 'slower')
  })

  it('is unsure of a few samples beside many, where the approximation reaches no belief', () => {
    const many = Array.from({ length: 200 }, (_, i) => 100 + i / 100)
    expect(verdict({ samples: many }, { samples: [200, 201] })).toBe('unsure')
    expect(verdict({ samples: many }, { samples: [200, 201, 202] })).toBe('slower')
  })

  it('is unsure with too few samples, or a roof that moved within a run', () => {
    expect(verdict({}, { samples: [110, 120] })).toBe('unsure')
    expect(verdict({}, { samples: around(150), more: { roofMoved: true } })).toBe('unsure')
  })

  it('matches rows by what they measure, and names those that only one report has', () => {
    const compared = compareReports(
      report(row({ kernel: 'a' }), row({ kernel: 'b' }), row({ kernel: 'b' })),
      report(row({ kernel: 'b' }), row({ kernel: 'c' })),
    )
    expect(compared.rows.map(({ key }) => key)).toEqual(['gemv b fp4 float32 M=1 64x64 1 threads'])
    expect(compared.onlyBefore).toEqual([
      'gemv a fp4 float32 M=1 64x64 1 threads',
      'gemv b fp4 float32 M=1 64x64 1 threads (2)',
    ])
    expect(compared.onlyAfter).toEqual(['gemv c fp4 float32 M=1 64x64 1 threads'])
  })

  it('says when the reports are of different machines', () => {
    const [here, there] = [report(row({})), { ...report(row({})), machine: { ...machine, cpu: 'Other CPU' } }]
    const compared = compareReports(here, there)
    expect(compared.cpus).toEqual(['Test CPU', 'Other CPU'])
    expect(compareText(compared, { color: false })).toContain('\nA was made on Test CPU, B on Other CPU: ')
    expect(compareReports(here, here)).not.toHaveProperty('cpus')
  })

  it('is printed with the worst first', () => {
    const compared = compareReports(
      report(row({ kernel: 'a' }), row({ kernel: 'b' }), row({ kernel: 'c' })),
      report(
        row({ kernel: 'a', samples: around(90) }),
        row({ kernel: 'b', samples: around(130) }),
        row({ kernel: 'c' }),
      ),
    )
    const text = compareText(compared, { color: false })
    expect(text).toMatchInlineSnapshot(`
      "        change   95 % interval       before  after    p        what
      slower  +30.0 %  +27.2 % to +32.8 %  100 ns  130 ns   < 0.001  gemv b fp4 float32 M=1 64x64 1 threads
      faster  -10.0 %  -11.9 % to -8.0 %   100 ns  90.0 ns  < 0.001  gemv a fp4 float32 M=1 64x64 1 threads

      3 rows: 1 slower, 1 faster, 1 the same, 0 as the roof moved, 0 unsure
      "
    `)
    expect(compareText(compared, { color: true })).toContain('\u001b[31mslower')
  })
})
