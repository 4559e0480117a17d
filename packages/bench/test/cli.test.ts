import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type BenchReport, type Filter, type Preset, type Suite, defineSuite, runCli } from '../src/index.js'
import { readSuite } from './support/read-suite.js'

/** Two lines, of which the second is for one thread. */
const small: Preset = {
  name: 'small',
  summary: 'a few reads',
  lines: ['read --m 1,2 --format f16', 'read --m 1 --format f32 --threads 1'],
}

function checkFilter({ geometries = [] }: Filter): void {
  for (const { name } of geometries) throw new Error(`[--geometry] expected a model of this test, got ${name}.`)
}

async function cli(
  argv: readonly string[],
  suites: readonly Suite[] = [readSuite],
): Promise<{ status: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const status = await runCli(suites, argv, {
    presets: [small],
    checkFilter,
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
    roofBytes: 1024 * 1024,
  })
  return { status, out, err }
}

const quick = ['--samples', '2', '--attempts', '1', '--device', 'cpu']

describe('runCli', () => {
  it('leaves a suite that wants its name out of a run without one', async () => {
    const rare = defineSuite({ ...readSuite, name: 'rare', onlyByName: true })
    const suitesOf = async (names: readonly string[]): Promise<readonly string[]> => {
      const { out } = await cli(
        [...names, '--m', '1', '--format', 'f16', '--threads', '1', ...quick, '-o', 'json'],
        [readSuite, rare],
      )
      return (JSON.parse(out) as BenchReport).rows.map(({ suite }) => suite)
    }
    expect(await suitesOf([])).toEqual(['read'])
    expect(await suitesOf(['rare'])).toEqual(['rare'])
  })

  it('prints nothing but JSON with -o json, with every field of a row', async () => {
    const { status, out, err } = await cli([
      'read',
      '--m',
      '1,2',
      '--format',
      'f16',
      '--threads',
      '1',
      ...quick,
      '-o',
      'json',
    ])
    expect(status).toBe(0)
    const { machine, rows, failures } = JSON.parse(out) as BenchReport
    expect(failures).toBeUndefined()
    expect(Object.keys(machine)).toEqual(['cpu', 'cores', 'threads', 'memoryBytes', 'platform', 'node', 'date'])
    expect(rows.map(({ m, format, threads }) => [m, format, threads])).toEqual([
      [1, 'f16', 1],
      [2, 'f16', 1],
    ])
    const numbers = ['m', 'n', 'k', 'threads', 'medianNs', 'minNs', 'maxNs', 'bytes', 'gigabytesPerSecond']
    for (const row of rows) {
      for (const field of ['suite', 'kernel', 'format', 'precision', 'device']) expect(row[field]).toBeTypeOf('string')
      for (const field of [...numbers, 'roofGigabytesPerSecond', 'percentOfRoof', 'tokensPerSecond']) {
        expect(row[field], field).toSatisfy((value) => Number.isFinite(value) && (value as number) > 0)
      }
      expect((row.samplesNs as number[]).length + ((row.otherSamplesNs as number[] | undefined)?.length ?? 0)).toBe(2)
    }
    expect(err).toContain('read: stream_read f16 M=1 512x512, 1 thread … ')
  })

  it('prints a table by default, without colours when stdout is not a terminal', async () => {
    const { out } = await cli(['--threads', '1', ...quick])
    expect(out).toMatch(/^suite +kernel +format +precision/m)
    expect(out).not.toContain('\u001b[')
  })

  it('runs every suite unless some are named, and lists them', async () => {
    const other: Suite = defineSuite({ ...readSuite, name: 'other', summary: 'the same' })
    const both = await cli(['--threads', '1', ...quick, '-o', 'csv'], [readSuite, other])
    expect(both.out.split('\r\n').map((line) => line.split(',')[0])).toEqual(['suite', 'read', 'other', ''])
    const one = await cli(['other', '--threads', '1', ...quick, '-o', 'csv'], [readSuite, other])
    expect(one.out.split('\r\n').map((line) => line.split(',')[0])).toEqual(['suite', 'other', ''])
    expect((await cli(['--list'], [readSuite, other])).out).toBe(
      'read   reads a mebibyte\nother  the same\n\nWith --preset:\nsmall  a few reads\n',
    )
  })

  it.each([
    [['--threads', '0'], "option '--threads <counts>' argument '0' is invalid. Expected an integer from 1 to"],
    [['--m', '1,,2'], "got ''"],
    [['--shape', '4096'], "Expected NxK such as 4096x14336, got '4096'."],
    [['--shape', '0x4096'], 'Expected an integer from 1 to'],
    [['--shape', '65536x65536'], "Expected at most 2147483648 weights, got '65536x65536'."],
    [['read', '--threads', '1,60000'], '[--threads] expected at most '],
    [['--threads', '70000'], 'Expected an integer from 1 to 65536'],
    [['--precision', 'in8'], "Expected one of float32, int8, got 'in8'."],
    [['--precision', 'int8,'], "Expected one of float32, int8, got ''."],
    [['--time', 'long'], 'Expected an integer from 1 to'],
    [['--samples', '0'], 'Expected an integer from 1 to'],
    [['--attempts', '-1'], "argument '-1' is invalid. Expected an integer from 1 to"],
    [['--cold', '1.5'], 'Expected an integer from 1 to 65536'],
    [['--vocab', 'many'], 'Expected an integer from 1 to'],
    [['--device', 'cuda'], "expected backend 'cuda', got an addon with"],
    [['--geometry', 'llama-9'], '[--geometry] expected a model of this test, got llama-9.'],
    [['--peer', 'nobody'], "[--peer] expected one of: none, got 'nobody'."],
    [['--preset', 'large'], 'Allowed choices are small.'],
    [['read', '--preset', 'small'], "[--preset] expected nothing beside 'small' that says what to run, got read."],
    [['--preset', 'small', '--m', '4'], 'that says what to run, got --m. Run a line of it instead: bench read --m 1,2'],
    [['--format', 'fp5'], "Expected one of fp4, mxfp4, nvfp4, f16, bf16, f32, got 'fp5'."],
    [['-o', 'xml'], 'Allowed choices are table, md, json, csv.'],
    [['--device', 'tpu'], 'Allowed choices are cpu, metal, cuda.'],
    [['--geometry', 'llama-3-8b:x'], "Expected NAME or NAME:LAYERS such as llama-3-8b:8, got 'llama-3-8b:x'."],
    [['--peer', 'a b'], "[--peer] expected the name of a package, or NAME=FOLDER, got 'a b'."],
    [['--frobnicate'], "unknown option '--frobnicate'"],
    [['gemm'], "[bench] expected suites among: read, got 'gemm'. See --list."],
    [['--suite', './not-there.mjs'], '[--suite] expected a module at ./not-there.mjs, got '],
  ])('answers %j with one error and status 2', async (argv, message) => {
    const { status, out, err } = await cli(argv)
    expect(status).toBe(2)
    expect(out).toBe('')
    expect(err).toContain(message)
    expect(err).not.toMatch(/^\s+at /m)
  })

  it('runs the lines of a preset as one, each with its own filter and threads', async () => {
    const rowsOf = async (threads: string): Promise<unknown[]> => {
      const { status, out } = await cli(['--preset', 'small', '--threads', threads, ...quick, '-o', 'json'])
      expect(status).toBe(0)
      const { rows, run } = JSON.parse(out) as BenchReport
      expect(run?.arguments.slice(0, 2)).toEqual(['--preset', 'small'])
      return rows.map(({ m, format }) => [m, format])
    }
    const first = [1, 2].map((m) => [m, 'f16'])
    expect(await rowsOf('1')).toEqual([...first, [1, 'f32']])
    expect(await rowsOf('2')).toEqual(first)
  })

  it('gives suites what lies between two uses of the same weights', async () => {
    let minColdBytes: number | undefined
    const looking = defineSuite({
      name: 'looking',
      summary: '',
      *cases(context) {
        minColdBytes = context.minColdBytes
        const shape = { kernel: 'one', format: 'fp4', precision: 'float32', m: 1, n: 8, k: 8, bytes: 1 }
        yield { ...shape, run: () => Promise.resolve({ durationNs: 1 }) }
      },
    })
    expect((await cli(['--cold', '3', '--threads', '1', ...quick], [looking])).status).toBe(0)
    expect(minColdBytes).toBe(3 * 1024 * 1024)
    await cli(['--threads', '1', ...quick], [looking])
    expect(minColdBytes).toBeUndefined()
  })

  it('reports failures after the rows, with status 1', async () => {
    const failing = defineSuite({
      name: 'failing',
      summary: '',
      *cases() {
        const run = (): Promise<never> => Promise.reject(new Error('kernel failed'))
        yield { kernel: 'bad', format: 'fp4', precision: 'float32', m: 1, n: 8, k: 8, bytes: 1, run }
      },
    })
    const { status, out } = await cli(['--threads', '1', ...quick, '-o', 'json'], [failing, readSuite])
    expect(status).toBe(1)
    const { rows, failures } = JSON.parse(out) as BenchReport
    expect(rows.length).toBe(1)
    expect(failures).toEqual([{ suite: 'failing', case: 'bad fp4 M=1 8x8', threads: 1, message: 'kernel failed' }])
  })

  it('says so when the flags leave no case', async () => {
    const empty = defineSuite({ name: 'empty', summary: '', cases: () => [] })
    const { status, out, err } = await cli(['--threads', '1', ...quick, '-o', 'json'], [empty])
    expect([status, out]).toEqual([2, ''])
    expect(err).toContain('[bench] expected at least one case, got none for these flags.')
  })

  it('saves the report beside what it prints, with how it was made', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-save-'))
    try {
      const path = join(folder, 'saved.json')
      const { status } = await cli(['read', '--m', '1', '--format', 'f32', '--threads', '1', ...quick, '--save', path])
      expect(status).toBe(0)
      const { rows, run } = JSON.parse(readFileSync(path, 'utf8')) as BenchReport
      expect(rows.length).toBe(1)
      expect(run?.arguments.slice(-2)).toEqual(['--save', 'saved.json'])
      expect(run?.versions).toHaveProperty(['@metal-fp4/bench'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('looks whether the report can be saved before anything runs, and prints it before it saves', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-save-'))
    const inner = join(folder, 'inner')
    try {
      const flags = ['--threads', '1', ...quick, '-o', 'json', '--save', join(inner, 'x.json')]
      let ran = false
      const removing = defineSuite({
        name: 'removing',
        summary: '',
        *cases() {
          ran = true
          rmSync(inner, { recursive: true })
          const shape = { kernel: 'one', format: 'fp4', precision: 'float32', m: 1, n: 8, k: 8, bytes: 1 }
          yield { ...shape, run: () => Promise.resolve({ durationNs: 1 }) }
        },
      })
      expect(await cli(flags, [removing])).toMatchObject({ status: 2, out: '' })
      expect(ran).toBe(false)
      mkdirSync(inner)
      const { status, out, err } = await cli(flags, [removing])
      expect(status).toBe(2)
      expect((JSON.parse(out) as BenchReport).rows.length).toBe(1)
      expect(err).toContain(`[--save] expected to write ${join(inner, 'x.json')}, got ENOENT`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('asks for a suite when there is none', async () => {
    const { status, err } = await cli([], [])
    expect([status, err]).toEqual([
      2,
      'error: [bench] expected a suite, got none. Pass a module that exports one: --suite ./my-suite.mjs.\n',
    ])
  })

  it('reports the rows made so far when aborted, with status 130', async () => {
    const controller = new AbortController()
    const aborting = defineSuite({
      name: 'aborting',
      summary: '',
      *cases() {
        const shape = { format: 'fp4', precision: 'float32', m: 1, n: 8, k: 8, bytes: 1 }
        yield { ...shape, kernel: 'first', run: () => Promise.resolve({ durationNs: 1 }) }
        const abort = (): Promise<{ durationNs: number }> => {
          controller.abort(new Error('interrupted'))
          return Promise.resolve({ durationNs: 1 })
        }
        yield { ...shape, kernel: 'second', run: abort }
      },
    })
    let out = ''
    const argv = ['--threads', '1', '--samples', '2', '--attempts', '1', '--device', 'cpu', '-o', 'json']
    const streams = { stdout: (text: string) => void (out += text), stderr: () => undefined, roofBytes: 1024 * 1024 }
    expect(await runCli([aborting], argv, { ...streams, signal: controller.signal })).toBe(130)
    expect((JSON.parse(out) as BenchReport).rows.map(({ kernel }) => kernel)).toEqual(['first'])
  })

  it('runs suites from a module', async () => {
    const module = new URL('support/read-suite.ts', import.meta.url).pathname
    const { status, out } = await cli(['--suite', module, '--threads', '1', ...quick, '-o', 'json'], [])
    expect(status).toBe(0)
    expect((JSON.parse(out) as BenchReport).rows.map(({ suite }) => suite)).toEqual(['read'])
  })

  it('runs the example of the README', async () => {
    const module = new URL('../examples/read-sizes.mjs', import.meta.url)
    expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(readFileSync(module, 'utf8'))
    const { status, out } = await cli(['--suite', module.pathname, '--threads', '1', ...quick, '-o', 'json'], [])
    expect(status).toBe(0)
    expect((JSON.parse(out) as BenchReport).rows.map(({ variant }) => variant)).toEqual(['1 MiB', '16 MiB', '256 MiB'])
  })

  it('prints its help on stdout', async () => {
    const { status, out, err } = await cli(['--help'])
    expect([status, err]).toEqual([0, ''])
    for (const flag of [
      '--shape',
      '--m',
      '--format',
      '--threads',
      '--samples',
      '--time',
      '--device',
      '--output',
      '--suite',
    ]) {
      expect(out).toContain(flag)
    }
  })
})
