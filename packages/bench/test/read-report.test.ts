import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BenchError, htmlReport, readReport, report } from '../src/index.js'
import { sampleReport } from './support/sample-report.js'

let path: string
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-read-'))
  path = join(folder, 'a.json')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const counted = {
  suite: 'utilization',
  kernel: 'gemv_fp4',
  format: 'fp4',
  m: 1,
  n: 64,
  k: 128,
  usefulMultiplyAdds: 8192,
  executedMultiplyAdds: 8192,
  utilization: 1,
  bytesRead: 4096,
}

/** The sample with some of its fields replaced. */
function write(change: object): void {
  writeFileSync(path, JSON.stringify({ ...sampleReport, ...change }))
}

const [row] = sampleReport.rows

describe('readReport', () => {
  it('gives rows, counts and failures of which pages can be made', async () => {
    const failures = [{ suite: 'gemv', case: 'gemv_fp4 fp4 M=9 64x64', threads: 2, message: 'no such kernel' }]
    const goals = [{ what: 'a goal', threads: 1, wanted: 90, reached: 91.5, unit: '% of the roof', met: true }]
    const written = { ...sampleReport, counts: [counted], goals, failures }
    writeFileSync(path, report(written, 'json'))
    const read = readReport(path)
    expect(read).toEqual(written)
    const page = await htmlReport([read])
    expect(page).toContain('no such kernel')
    for (const shown of ['<a href="#goals">', 'a goal', '91.5']) expect(page).toContain(shown)
    expect(await htmlReport([sampleReport])).not.toContain('goals')
  })

  it('takes a timed row that has a column named as a count is', () => {
    write({ rows: [{ ...row, utilization: 0.5 }] })
    expect(readReport(path).rows).toEqual([{ ...row, utilization: 0.5 }])
  })

  it.each<[object, string]>([
    [{ run: {} }, 'run.arguments to be an array, got none'],
    [{ run: { ...sampleReport.run, arguments: [1] } }, 'run.arguments[0] to be a string, got 1'],
    [{ run: { ...sampleReport.run, commit: 7 } }, 'run.commit to be a string or null, got 7'],
    [{ run: { ...sampleReport.run, versions: null } }, 'run.versions to be an object, got null'],
    [{ goals: [{ what: 'a' }] }, 'goals[0].threads to be a number from 0, got none'],
    [
      { goals: [{ what: 'a', threads: 1, wanted: 1, reached: 1, unit: 'x', met: 'yes' }] },
      'goals[0].met to be true or false, got "yes"',
    ],
    [{ failures: {} }, 'failures to be an array, got {}'],
    [{ failures: [null] }, 'failures[0] to be an object, got null'],
    [{ failures: [{ suite: 'gemv' }] }, 'failures[0].case to be a string, got none'],
    [{ rows: [null] }, 'rows[0] to be an object, got null'],
    [{ rows: [{ utilization: 1 }] }, 'rows[0].suite to be a string, got none'],
    [{ rows: [{ ...counted, bytesRead: 'all' }] }, 'rows[0].bytesRead to be a number from 0, got "all"'],
    [{ rows: [{ ...row, parts: 'abc' }] }, 'rows[0].parts to be an array, got "abc"'],
    [{ rows: [{ ...row, parts: [{ kernel: 'a' }] }] }, 'rows[0].parts[0].calls to be a number from 0, got none'],
    [{ rows: [{ ...row, speedup: 'fast' }] }, 'rows[0].versus to be a string, got none'],
    [{ rows: [{ ...row, versus: 'a', speedup: 'fast' }] }, 'rows[0].speedup to be a positive number, got "fast"'],
    [{ rows: [{ ...row, versus: 'a', speedup: 2 }] }, 'rows[0].speedupLow to be a positive number, got none'],
    [{ rows: [{ ...row, medianNs: -1 }] }, 'rows[0].medianNs to be a positive number, got -1'],
    [{ rows: [{ ...row, bytes: 0 }] }, 'rows[0].bytes to be a positive number, got 0'],
    [{ rows: [{ ...row, roofGigabytesPerSecond: 0 }] }, 'rows[0].roofGigabytesPerSecond to be a positive number'],
    [{ rows: [{ ...row, percentOfRoof: 'high' }] }, 'rows[0].percentOfRoof to be a positive number or null'],
    [{ rows: [{ ...row, samplesNs: [1, 0] }] }, 'rows[0].samplesNs to be positive numbers, got [1,0]'],
    [{ machine: { ...sampleReport.machine, cores: '2' } }, 'machine.cores to be a number, got "2"'],
  ])('refuses %j', (change, message) => {
    write(change)
    const reading = (): unknown => readReport(path)
    expect(reading).toThrow(BenchError)
    expect(reading).toThrow(`[report] expected ${path}: ${message}`)
  })
})
