/** Where `bench tune` writes: a folder that is not there is told of before hours of measuring, and a policy is never lost. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Io } from '@metal-fp4/bench'
import { parsePolicy } from '@metal-fp4/dispatch'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { tune } from '../bench/index.js'

// Nothing here is about times: one copy of each matrix will do.
vi.mock(import('../bench/tune/sweep.js'), async (importOriginal) => {
  const { sweep, confirm, ...rest } = await importOriginal()
  return {
    ...rest,
    sweep: (options) => sweep({ ...options, minColdBytes: 1 }),
    confirm: (options, policy) => confirm({ ...options, minColdBytes: 1 }, policy),
  }
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-tune-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

it('looks whether the policy can be written before it measures, and prints what it cannot write after', async () => {
  const inner = join(folder, 'inner')
  const small = '--device cpu --threads 1 --shape 64x128 --format fp4 --m 1 --rounds 1'
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
})
