/** Policies as files: what is written is read back, strangers are told what is wrong, and selection and explanation use them. */
import { afterEach, describe, expect, it } from 'vitest'
import {
  type DevicePolicy,
  addPolicy,
  explain,
  parsePolicy,
  policies,
  policyFor,
  policyJson,
  selectKernel,
} from '../src/index.js'

const sweep = 'bench tune --threads 2: at M = 2 to 8 gemm_fp4 rows8 takes 0.90 (95 % interval 0.88 to 0.92) of the time'
const margin = { ratio: 0.9, low: 0.88, high: 0.92 }
const swept = { kind: 'swept', device: 'Test CPU', date: '2026-01-31', sweep, margin } as const

const tuned: DevicePolicy = {
  name: 'test-cpu',
  backend: 'cpu',
  device: 'Test CPU',
  provenance: {
    device: 'Test CPU',
    threads: 2,
    date: '2026-01-31',
    command: 'bench tune --threads 2',
    fallback: 'cpu',
    margin,
  },
  fp4: [
    { maxM: 1, kernel: 'gemv_fp4', constants: { rows: 'four' }, source: { kind: 'default', why: 'a test' } },
    { maxM: 8, kernel: 'gemm_fp4', tile: 'rows8', formats: ['fp4'], source: swept },
    { maxM: 8, kernel: 'gemv_fp4', source: { kind: 'constraint', why: 'a test' } },
    { maxM: null, kernel: 'gemm_fp4', tile: 'panel', source: swept },
  ],
  dense: [{ maxM: null, kernel: 'gemm_dense', source: swept }],
  split: { threadgroups: 64, columns: 64, leastK: 256, mostSplits: 4, source: swept },
}

const profile = { backend: 'cpu', name: 'Test CPU', gigabytesPerSecond: 40 } as const
const shape = { n: 256, k: 512 } as const

describe('policy files', () => {
  it('are read back as they were written', () => {
    expect(parsePolicy(JSON.parse(policyJson(tuned)))).toEqual(tuned)
    for (const policy of policies) expect(parsePolicy(JSON.parse(policyJson(policy)))).toEqual(policy)
  })

  const changed = (change: (file: Record<string, never>) => void): unknown => {
    const file = JSON.parse(policyJson(tuned)) as Record<string, never>
    change(file)
    return file
  }
  it.each<[string, unknown]>([
    ['it of x.json to be an object, got []', []],
    ['version of x.json to be 1, got 2', changed((file) => Object.assign(file, { version: 2 }))],
    [
      'backend of x.json to be one of cpu, metal, cuda, got "tpu"',
      changed((file) => Object.assign(file, { backend: 'tpu' })),
    ],
    ['fp4 of x.json to be a list with an entry, got []', changed((file) => Object.assign(file, { fp4: [] }))],
    [
      'fp4[0].maxM of x.json to be a positive integer, got 0.5',
      changed((file) => Object.assign(file.fp4[0], { maxM: 0.5 })),
    ],
    ['fp4[1].kernel of x.json to be one of', changed((file) => Object.assign(file.fp4[1], { kernel: 'rm' }))],
    [
      'fp4[0].constants.rows of x.json to be a text, got 4',
      changed((file) => Object.assign(file.fp4[0], { constants: { rows: 4 } })),
    ],
    ['fp4[1] of x.json to have only', changed((file) => Object.assign(file.fp4[1], { minM: 4 }))],
    [
      'fp4[1].source.date of x.json to be a day',
      changed((file) => Object.assign((file.fp4[1] as { source: object }).source, { date: 'today' })),
    ],
    ['dense of x.json to be a list with an entry, got none', changed((file) => Reflect.deleteProperty(file, 'dense'))],
    [
      'split.columns of x.json to be a positive integer, got "64"',
      changed((file) => Object.assign(file.split, { columns: '64' })),
    ],
    [
      'provenance.margin.low of x.json to be a positive number, got null',
      changed((file) => Object.assign((file.provenance as { margin: object }).margin, { low: NaN })),
    ],
  ])('are refused: %s', (message, file) => {
    expect(() => parsePolicy(file, 'x.json')).toThrow(`[parsePolicy] expected ${message}`)
  })
})

describe('a policy that was added', () => {
  const removals: (() => void)[] = []
  const add = (policy: DevicePolicy): void => void removals.push(addPolicy(policy))
  afterEach(() => {
    for (const remove of removals.splice(0)) remove()
  })

  it('decides for its device and for no other, until it is taken away', () => {
    add(tuned)
    expect(policyFor(profile)).toBe(tuned)
    expect(policyFor({ ...profile, name: 'Another CPU' }).name).toBe('cpu')
    for (const remove of removals.splice(0)) remove()
    expect(policyFor(profile).name).toBe('cpu')
  })

  it('chooses by rows and format, and sets the constants of its rules', () => {
    add(tuned)
    const choice = (m: number, format: 'fp4' | 'nvfp4'): unknown[] => {
      const { kernel, tile, constants } = selectKernel({ m, ...shape, format }, profile)
      return [kernel, tile ?? constants.rows]
    }
    expect(choice(1, 'fp4')).toEqual(['gemv_fp4', 'four'])
    expect(choice(4, 'fp4')).toEqual(['gemm_fp4', 'rows8'])
    expect(choice(4, 'nvfp4')).toEqual(['gemv_fp4', 'four'])
    expect(choice(9, 'fp4')).toEqual(['gemm_fp4', 'panel'])
  })

  it('is cited by explain', () => {
    add(tuned)
    expect(explain({ m: 4, ...shape, format: 'fp4' }, profile).text).toContain(
      `why: M = 4 is at most 8 (policy 'test-cpu': swept on Test CPU, 2026-01-31: ${sweep})`,
    )
  })
})
