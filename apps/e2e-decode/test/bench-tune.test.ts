/** `bench tune`: that it measures, writes what is read back, and says what is wrong with its flags. Which kernel wins, no test asserts. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Io } from '@metal-fp4/bench'
import {
  type Precision,
  addPolicy,
  chooseRules,
  parsePolicy,
  policies,
  policyJson,
  selectKernel,
} from '@metal-fp4/dispatch'
import { createDevice } from '@metal-fp4/metal-core'
import { describe, expect, it } from 'vitest'
import { tune } from '../bench/index.js'
import { marginOf, tunedPolicy } from '../bench/tune/policy.js'
import { type SweepOptions, confirm, fieldAt, sweep } from '../bench/tune/sweep.js'
import { canChoose } from './support/tuning.js'

// Where panels are the same code as rows, a device has nothing to choose: what follows is then tested without one.
const chooses = await canChoose()
const fallback = policies.find(({ name }) => name === 'cpu')!

describe('what there is to choose from', () => {
  const square = [{ n: 4096, k: 4096 }]
  const on = (backend: 'cpu' | 'metal', name: string, precision: Precision, shapes = square): string[] => {
    const usual = policies.find((policy) => policy.name === backend)!
    const asked = { fallback: usual, precision, shapes, formats: ['fp4', 'mxfp4'] as const, m: [] }
    return [1, 4, 8, 9, 64, 65].map((m) => fieldAt(m, asked, { backend, name }))
  }
  const all = (field: string): string[] => Array.from({ length: 6 }, () => field)

  it('is rows or panels on a CPU in float32, and nothing where those are one code', () => {
    expect(on('cpu', 'a CPU, avx512', 'float32')).toEqual(all('some'))
    expect(on('cpu', 'a CPU, avx2', 'float32')).toEqual(all('one'))
    expect(on('cpu', 'a CPU, avx512', 'int8')).toEqual(all('one'))
  })

  it('is nothing where K is split, and told apart where it is split for one matrix and not for another', () => {
    const wide = { n: 65_536, k: 4096 }
    expect(on('metal', 'a GPU', 'float32')).toEqual(all('one'))
    expect(on('metal', 'a GPU', 'float32', [wide]).slice(0, 2)).toEqual(['some', 'some'])
    expect(on('metal', 'a GPU', 'float32', [...square, wide]).slice(0, 2)).toEqual(['mixed', 'mixed'])
  })
})

it.skipIf(!chooses)(
  'measures every candidate against the fallback, and the policy that comes out is one that selection takes',
  async () => {
    using device = await createDevice({ backend: 'cpu', threads: 1 })
    const steps: string[] = []
    const options: SweepOptions = {
      device,
      fallback,
      precision: 'float32',
      shapes: [
        { n: 64, k: 128 },
        { n: 130, k: 256 },
      ],
      formats: ['fp4', 'nvfp4'],
      m: [1, 5, 12],
      rounds: 3,
      minColdBytes: 1,
      onProgress: (done, total, what) => void steps.push(`${done}/${total} ${what}`),
    }
    const measured = await sweep(options)
    expect(steps.length).toBe(2 * 2 * 3)
    expect(steps.at(-1)).toBe('11/12 nvfp4 130x256, M = 12')
    const fallbacks = measured.filter(({ isFallback }) => isFallback)
    expect(fallbacks.map(({ m, ratio }) => [m, ratio])).toEqual([
      [1, 1],
      [5, 1],
      [12, 1],
    ])
    expect(measured.length).toBe(2 * fallbacks.length)
    for (const { ratio, low, high } of measured) expect(low <= ratio && ratio <= high && low > 0).toBe(true)

    const made = {
      name: 'made',
      device: device.info.name,
      threads: 1,
      date: '2026-01-31',
      command: 'bench tune',
      fallback,
    }
    const precision = 'float32'
    const choices = chooseRules(measured)
    const confirmed = await confirm(options, tunedPolicy(made, [{ precision, choices, confirmed: [] }]))
    const policy = tunedPolicy(made, [{ precision, choices, confirmed }])
    expect(parsePolicy(JSON.parse(policyJson(policy)))).toEqual(policy)
    expect(policy.provenance?.margin).toEqual(marginOf(confirmed))
    const remove = addPolicy(policy)
    try {
      for (const { maxM, candidate } of choices) {
        const choice = selectKernel(
          { m: maxM ?? 4000, n: 64, k: 128, format: 'fp4', precision: 'float32' },
          { backend: 'cpu', name: device.info.name },
        )
        expect([choice.policy, choice.kernel, choice.tile]).toEqual(['made', candidate.kernel, candidate.tile])
      }
    } finally {
      remove()
    }
  },
)

it('a choice that is the fallback’s own gains exactly nothing', async () => {
  using device = await createDevice({ backend: 'cpu', threads: 1 })
  const options: SweepOptions = {
    device,
    fallback,
    precision: 'int8',
    shapes: [{ n: 64, k: 128 }],
    formats: ['fp4'],
    m: [1],
    rounds: 2,
    minColdBytes: 1,
  }
  expect(marginOf(await confirm(options, fallback))).toEqual({ ratio: 1, low: 1, high: 1 })
})

describe('bench tune', () => {
  const io = (): Io => ({
    stdout: () => undefined,
    stderr: () => undefined,
    color: false,
    terminal: false,
    signal: undefined,
  })
  const run = async (...argv: readonly string[]): Promise<{ status: unknown; out: string; err: string }> => {
    let [out, err] = ['', '']
    const io: Io = {
      stdout: (text) => void (out += text),
      stderr: (text) => void (err += text),
      color: false,
      terminal: false,
      signal: undefined,
    }
    const status = await tune.run(argv, io).catch((error: unknown) => (error as { exitCode?: number }).exitCode)
    return { status, out, err }
  }

  it.each([
    [[], "required option '-o, --output <file>' not specified"],
    [['-o', 'x.json', '--m', '0'], "Expected an integer from 1 to 65536, got '0'."],
    [['-o', 'x.json', '--shape', '64'], "Expected NxK such as 4096x14336, got '64'."],
    [['-o', 'x.json', '--precision', 'in8'], "Expected one of float32, int8, got 'in8'."],
    [['-o', 'x.json', '--cold', '0'], "Expected an integer from 1 to 65536, got '0'."],
    [['-o', 'x.json', '--format', 'bf16'], "Expected fp4, mxfp4 or nvfp4, got 'bf16'."],
  ])('refuses %j', async (argv, message) => {
    const { status, out, err } = await run(...argv)
    expect([status, out]).toEqual([1, ''])
    expect(err).toContain(message)
  })

  it('refuses to measure what runs one kernel, before it does', async () => {
    const refusal = /\[tune\] expected something to choose from, got nothing in int8 of .*: tune another --precision/
    await expect(
      tune.run(['-o', join(tmpdir(), 'x.json'), '--device', 'cpu', '--threads', '1', '--precision', 'int8'], io()),
    ).rejects.toThrow(refusal)
  })

  it('has help with an example', async () => {
    expect((await run('--help')).out).toContain('Example: bench tune ')
  })
})
