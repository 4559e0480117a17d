import { describe, expect, it } from 'vitest'
import { type BenchReport, report } from '../src/index.js'
import { duration } from '../src/reporters/columns.js'
import { makeRow, profileFields } from '../src/rows.js'

const setting = { suite: 'gemv', device: 'Test CPU', threads: 2, roofGigabytesPerSecond: 40 }
const shape = { format: 'fp4', precision: 'float32', n: 4096, k: 4096 }

const results: BenchReport = {
  machine: {
    cpu: 'Test CPU',
    cores: 2,
    threads: 2,
    memoryBytes: 25e9,
    platform: 'linux x64',
    node: 'v20.20.2',
    date: '2026-01-31T12:00:00.000Z',
  },
  rows: [
    makeRow(
      { ...shape, kernel: 'gemv_fp4', m: 1, bytes: 8_700_000, operations: 33_554_432, run },
      [250_000, 240_000, 290_000],
      setting,
    ),
    makeRow(
      {
        ...shape,
        kernel: 'decode, warm',
        m: 1,
        bytes: 100_000,
        tokens: 2,
        variant: 'stories',
        extra: { layers: 4 },
        run,
      },
      [12_500],
      setting,
    ),
  ],
  failures: [{ suite: 'gemv', case: 'gemv_fp4 fp4 M=9 64x64', threads: 2, message: 'no such kernel' }],
}

function run(): Promise<never> {
  return Promise.reject(new Error('not run here'))
}

describe('rows', () => {
  it('derive rates from the median and the roof beside it', () => {
    expect(results.rows[0]).toEqual({
      suite: 'gemv',
      kernel: 'gemv_fp4',
      format: 'fp4',
      precision: 'float32',
      m: 1,
      n: 4096,
      k: 4096,
      device: 'Test CPU',
      threads: 2,
      medianNs: 250_000,
      minNs: 240_000,
      maxNs: 290_000,
      // Quartiles 245,000 and 270,000.
      relativeSpread: 25_000 / 250_000,
      samplesNs: [250_000, 240_000, 290_000],
      bytes: 8_700_000,
      gigabytesPerSecond: 34.8,
      roofGigabytesPerSecond: 40,
      percentOfRoof: (100 * 34.8) / 40,
      runsPerSecond: 4000,
      gigaflopsPerSecond: 134.217728,
    })
    expect(results.rows[1]).toMatchObject({ tokensPerSecond: 160_000, layers: 4 })
    expect(results.rows[1]).not.toHaveProperty('cached')
  })

  it('explain the star of a row whose roof moved, where there is one', () => {
    const moved = { ...results, rows: [{ ...results.rows[0], roofMoved: true as const }] }
    for (const [kind, star] of [
      ['table', '*'],
      ['md', String.raw`\*`],
    ] as const) {
      expect(report(moved, kind)).toContain(`\n${star} the roof moved: fewer than half of the rounds`)
      expect(report(results, kind)).not.toContain('the roof moved')
    }
  })

  it('say how much of a step no kernel had, where that is known', () => {
    const parts = [{ kernel: 'a', calls: 2, durationNs: 80 }]
    const fields = { parts, outsideKernelsNs: 20, outsideKernelsPercent: 20 }
    expect(profileFields({ parts, outsideKernelsNs: 20 })).toEqual(fields)
    expect(profileFields({ parts })).toEqual({ parts })
    const row = makeRow({ ...shape, kernel: 'decode', m: 1, bytes: 100_000, run }, [100], { ...setting, more: fields })
    expect(report({ ...results, rows: [row] }, 'table')).toMatch(/outside kernels[^]* 20\.0 %/)
    expect(report(results, 'table')).not.toContain('outside kernels')
  })

  it('claim no share of the roof for bytes that stay in a cache', () => {
    const row = makeRow({ ...shape, kernel: 'decode', m: 1, bytes: 100_000, cached: true, run }, [1000], setting)
    expect(row).toMatchObject({
      cached: true,
      gigabytesPerSecond: 100,
      roofGigabytesPerSecond: 40,
      percentOfRoof: null,
    })
    const cachedOnly = { machine: results.machine, rows: [row] }
    expect(report(cachedOnly, 'table', { color: true })).toMatch(/100\.0 +40\.0 +cached/)
    expect(report(cachedOnly, 'md')).toContain('| 100.0 | 40.0 | cached |')
    expect(report(cachedOnly, 'csv')).toContain(',100,40,,true,')
    expect(report(cachedOnly, 'json')).toContain('"percentOfRoof":null,"cached":true')
  })
})

describe('report', () => {
  it('draws a table', () => {
    expect(report(results, 'table')).toMatchInlineSnapshot(`
      "Test CPU, 2 cores, 25.0 GB, linux x64, node v20.20.2, 2026-01-31

      suite  kernel        variant  format  precision  M        N x K  threads   median  spread  GB/s  roof  % of roof  GFLOP/s  tokens/s
      gemv   gemv_fp4               fp4     float32    1  4096 x 4096        2   250 µs  10.0 %  34.8  40.0       87.0    134.2
      gemv   decode, warm  stories  fp4     float32    1  4096 x 4096        2  12.5 µs   0.0 %   8.0  40.0       20.0           160000.0
      failed: gemv: gemv_fp4 fp4 M=9 64x64: no such kernel
      "
    `)
  })

  it('colours a table only when asked to, by the share of the roof', () => {
    expect(report(results, 'table')).not.toContain('\u001b[')
    const colored = report(results, 'table', { color: true }).split('\n')
    expect(colored.find((line) => line.includes('gemv_fp4 '))).toSatisfy((line: string) =>
      line.startsWith('\u001b[32m'),
    )
    expect(colored.find((line) => line.includes('decode'))).toSatisfy((line: string) => line.startsWith('\u001b[31m'))
  })

  it('writes markdown', () => {
    expect(report(results, 'md')).toMatchInlineSnapshot(`
      "Test CPU, 2 cores, 25.0 GB, linux x64, node v20.20.2, 2026-01-31

      | suite | kernel | variant | format | precision | M | N x K | threads | median | spread | GB/s | roof | % of roof | GFLOP/s | tokens/s |
      |---|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
      | gemv | gemv_fp4 |  | fp4 | float32 | 1 | 4096 x 4096 | 2 | 250 µs | 10.0 % | 34.8 | 40.0 | 87.0 | 134.2 |  |
      | gemv | decode, warm | stories | fp4 | float32 | 1 | 4096 x 4096 | 2 | 12.5 µs | 0.0 % | 8.0 | 40.0 | 20.0 |  | 160000.0 |

      - failed: gemv: gemv_fp4 fp4 M=9 64x64: no such kernel
      "
    `)
  })

  it('writes csv with every field, quoted where needed', () => {
    expect(report(results, 'csv')).toMatchInlineSnapshot(`
      "suite,kernel,format,precision,m,n,k,device,threads,medianNs,minNs,maxNs,relativeSpread,samplesNs,bytes,gigabytesPerSecond,roofGigabytesPerSecond,percentOfRoof,runsPerSecond,gigaflopsPerSecond,variant,tokensPerSecond,layers
      gemv,gemv_fp4,fp4,float32,1,4096,4096,Test CPU,2,250000,240000,290000,0.1,250000 240000 290000,8700000,34.8,40,86.99999999999999,4000,134.217728,,,
      gemv,"decode, warm",fp4,float32,1,4096,4096,Test CPU,2,12500,12500,12500,0,12500,100000,8,40,20,80000,,stories,160000,4
      "
    `)
  })

  it('writes json that gives the report back', () => {
    const text = report(results, 'json')
    expect(JSON.parse(text)).toEqual(results)
    expect(text.split('\n').length).toBe(11)
    const { failures: _, ...whole } = results
    expect(JSON.parse(report(whole, 'json'))).toEqual(whole)
    expect(JSON.parse(report({ ...whole, rows: [] }, 'json'))).toEqual({ ...whole, rows: [] })
  })

  it('says so when there are no rows', () => {
    expect(report({ machine: results.machine, rows: [] }, 'table')).toContain('no rows')
  })
})

describe('duration', () => {
  it.each([
    [812, '812 ns'],
    [1410, '1.41 µs'],
    [81_200, '81.2 µs'],
    [2_500_000, '2.50 ms'],
    [3.2e9, '3.20 s'],
  ])('%d ns is %s', (ns, text) => {
    expect(duration(ns)).toBe(text)
  })
})
