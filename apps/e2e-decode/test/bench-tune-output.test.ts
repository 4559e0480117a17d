/** Where `bench tune` writes: a folder that is not there is told of before hours of measuring, and a policy is never lost. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Io } from '@metal-fp4/bench'
import { parsePolicy, policies } from '@metal-fp4/dispatch'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { tune } from '../bench/index.js'
import { canChoose } from './support/tuning.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-tune-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

// Where one kernel is all there is, nothing is measured or written (bench-tune.test.ts).
const chooses = await canChoose()

it.skipIf(!chooses)(
  'looks whether the policy can be written before it measures, and prints what it cannot write after',
  async () => {
    const inner = join(folder, 'inner')
    // Nothing here is about times: a few copies of the matrix will do.
    const small = '--device cpu --threads 1 --shape 64x128 --format fp4 --m 1 --rounds 1 --cold 1'
    const argv = [...small.split(' '), '-o', join(inner, 'policy.json')]
    let out = ''
    let drawn = 0
    const io: Io = {
      stdout: (text) => void (out += text),
      // The first thing that is drawn: measuring has begun.
      stderr: () => {
        if (drawn++ === 0) rmSync(inner, { recursive: true })
      },
      color: false,
      terminal: true,
      signal: undefined,
    }
    const refusal = `[tune] expected to write ${join(inner, 'policy.json')}, got ENOENT`
    await expect(tune.run(argv, io)).rejects.toThrow(refusal)
    expect([out, drawn]).toEqual(['', 0])
    mkdirSync(inner)
    await expect(tune.run(argv, io)).rejects.toThrow(refusal)
    expect(parsePolicy(JSON.parse(out.slice(out.indexOf('{'))))).toMatchObject({ backend: 'cpu' })
  },
)

it.skipIf(!chooses)('tells a log that it is alive, and writes what it measured in each precision', async () => {
  const output = join(folder, 'policy.json')
  const small =
    '--device cpu --threads 1 --shape 64x128 --format fp4 --m 1,2 --rounds 1 --cold 1 --precision int8,float32'
  let [out, err] = ['', '']
  const io: Io = {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    color: false,
    terminal: false,
    signal: undefined,
  }
  expect(await tune.run([...small.split(' '), '-o', output], io)).toBe(0)
  expect(err).toBe(
    ['float32, sweep', 'float32, confirm'].map((step) => `${step}: 2 cases, from fp4 64x128, M = 1 on\n`).join(''),
  )
  expect(out).toContain(output)
  expect(out).toContain('int8, M = 1, 2: one kernel, nothing to choose\n')
  const { fp4, provenance } = parsePolicy(JSON.parse(readFileSync(output, 'utf8')))
  // What was not measured keeps what the fallback says of it.
  const usual = policies.find(({ name }) => name === 'cpu')!.fp4.filter(({ precision }) => precision !== 'float32')
  expect(fp4.filter(({ precision }) => precision === 'int8')).toEqual(
    usual.map((rule) => ({ ...rule, precision: 'int8' })),
  )
  // What measures the same again.
  expect(provenance?.command).toBe(
    'pnpm bench tune --device cpu --threads 1 --precision int8,float32 --shape 64x128 --format fp4 --m 1,2 --rounds 1 --cold 1 -o FILE',
  )
  expect(new Set(fp4.map(({ precision }) => precision))).toEqual(new Set(['int8', 'float32']))
})
