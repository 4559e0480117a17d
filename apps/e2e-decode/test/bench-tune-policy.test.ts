/** From what `bench tune` chose to the rules of a policy: rows that nobody measured keep the fallback's kernels. */
import {
  type DevicePolicy,
  type Measurement,
  type Precision,
  type TunerCandidate,
  addPolicy,
  chooseRules,
  parsePolicy,
  policies,
  policyJson,
  selectKernel,
} from '@metal-fp4/dispatch'
import { describe, expect, it } from 'vitest'
import { tunedPolicy } from '../bench/tune/policy.js'

const gemv: TunerCandidate = { kernel: 'gemv_fp4' }
const rows8: TunerCandidate = { kernel: 'gemm_fp4', tile: 'rows8' }
const panel: TunerCandidate = { kernel: 'gemm_fp4', tile: 'panel' }

/** At each M: which candidate is surely the fastest, and whether it is the fallback's own. */
type Row = readonly [m: number, candidate: TunerCandidate, isFallback?: boolean]

interface Tuned {
  readonly backend?: 'cpu' | 'metal'
  readonly precision?: Precision
}

function policyOf(rows: readonly Row[], { backend = 'cpu', precision = 'float32' }: Tuned = {}): DevicePolicy {
  const fallback = policies.find(({ name }) => name === backend)!
  const measured = rows.flatMap(([m, candidate, isFallback = false]): Measurement[] => {
    const usual = { m, candidate, isFallback: true, ratio: 1, low: 1, high: 1 }
    return isFallback ? [usual] : [usual, { m, candidate, isFallback, ratio: 0.5, low: 0.4, high: 0.6 }]
  })
  const made = {
    name: 'made',
    device: 'any',
    threads: 2,
    date: '2026-01-31',
    command: 'bench tune',
    fallback,
  }
  const policy = tunedPolicy(made, [{ precision, choices: chooseRules(measured), confirmed: [] }])
  // What is written has to be what is read.
  expect(parsePolicy(JSON.parse(policyJson(policy)))).toEqual(policy)
  return policy
}

/** What selection takes at some M under a policy. */
function kernelsOf(
  policy: DevicePolicy,
  ms: readonly number[],
  { n = 4096, precision = 'float32' }: { n?: number; precision?: Precision } = {},
): string[] {
  const remove = addPolicy(policy)
  try {
    return ms.map((m) => {
      const profile = { backend: policy.backend, name: 'any' }
      const { kernel, tile, rule } = selectKernel({ m, n, k: 4096, format: 'fp4', precision }, profile)
      return [kernel, tile, rule?.constants?.rows].filter(Boolean).join(' ')
    })
  } finally {
    remove()
  }
}

const usual = ['gemv_fp4', 'gemm_fp4 rows8', 'gemm_fp4 panel']

describe('rows that were not measured', () => {
  it('before the first keep the fallback: a sweep of many rows takes nothing from one', () => {
    const policy = policyOf([
      [16, panel],
      [64, rows8, true],
    ])
    expect(kernelsOf(policy, [1, 8, 9, 15])).toEqual([usual[0], usual[0], usual[1], usual[1]])
    expect(kernelsOf(policy, [16, 17, 64, 65])).toEqual([usual[2], usual[1], usual[1], usual[1]])
    const late = policyOf([[128, rows8]])
    expect(kernelsOf(late, [1, 64, 127, 128, 4000])).toEqual([...usual, usual[1], usual[1]])
  })

  it('on either side of a border within 8 rows keep the fallback', () => {
    const policy = policyOf([
      [2, rows8],
      [5, { ...gemv, constants: { rows: 'eight' } }],
      [12, rows8, true],
    ])
    expect(kernelsOf(policy, [1, 2, 3, 4])).toEqual(['gemv_fp4', 'gemm_fp4 rows8', 'gemv_fp4', 'gemv_fp4'])
    expect(kernelsOf(policy, [5, 6, 8, 9, 12])).toEqual([
      'gemv_fp4 eight',
      'gemv_fp4',
      'gemv_fp4',
      'gemm_fp4 rows8',
      'gemm_fp4 rows8',
    ])
  })

  it('after the last keep the fallback when that was a row of few', () => {
    const policy = policyOf([
      [1, { ...gemv, constants: { rows: 'two' } }],
      [2, { ...gemv, constants: { rows: 'two' } }],
    ])
    expect(kernelsOf(policy, [1, 2, 3, 64, 65])).toEqual(['gemv_fp4 two', 'gemv_fp4 two', ...usual])
    expect(kernelsOf(policyOf([[8, rows8]]), [7, 8, 9, 65])).toEqual([usual[0], usual[1], usual[1], usual[2]])
  })

  it('are all of them without a choice', () => {
    expect(policyOf([]).fp4).toEqual(policies.find(({ name }) => name === 'cpu')?.fp4)
  })
})

it('a matrix whose K is split stays so on a GPU, whatever was chosen for others', () => {
  const policy = policyOf([[1, { ...gemv, constants: { rows: 'four' } }]], { backend: 'metal' })
  expect(kernelsOf(policy, [1, 2, 8], { n: 65_536 })).toEqual(['gemv_fp4 four', 'gemv_fp4', 'gemv_fp4'])
  expect(kernelsOf(policy, [1, 2, 8], { n: 256 })).toEqual(Array.from({ length: 3 }, () => 'gemv_fp4_partial'))
})

describe('what was measured in one precision', () => {
  const ms = [1, 4, 8, 16, 64, 65, 4000]

  it('decides for products in it, and leaves those in the other as they were', () => {
    const before = kernelsOf(policyOf([]), ms)
    const inInt8 = policyOf(
      [
        [1, { ...gemv, constants: { rows: 'four' } }],
        [4, panel],
        [8, panel],
      ],
      { precision: 'int8' },
    )
    expect(kernelsOf(inInt8, ms)).toEqual(before)
    expect(kernelsOf(inInt8, [1, 2, 3, 4, 8, 9], { precision: 'int8' })).toEqual([
      'gemv_fp4 four',
      'gemv_fp4',
      'gemv_fp4',
      'gemm_fp4 panel',
      'gemm_fp4 panel',
      'gemm_fp4 rows8',
    ])
    const bytes = kernelsOf(policyOf([]), ms, { precision: 'int8' })
    const inFloat32 = policyOf([[16, panel]])
    expect(kernelsOf(inFloat32, ms, { precision: 'int8' })).toEqual(bytes)
    expect(kernelsOf(inFloat32, [8, 9, 16])).toEqual(['gemv_fp4', 'gemm_fp4 rows8', 'gemm_fp4 panel'])
  })

  it('stands beside what was measured in the other', () => {
    const fallback = policies.find(({ name }) => name === 'cpu')!
    const made = { name: 'made', device: 'any', threads: 2, date: '2026-01-31', command: 'bench tune', fallback }
    const found = (['int8', 'float32'] as const).map((precision, i) => {
      const rows = { m: 1, candidate: { ...gemv, constants: { rows: (['two', 'eight'] as const)[i] } } }
      const usual = { m: 1, candidate: gemv, isFallback: true, ratio: 1, low: 1, high: 1 }
      const better = { ...rows, isFallback: false, ratio: 0.5 + i / 4, low: 0.5 + i / 4, high: 0.5 + i / 4 }
      return { precision, choices: chooseRules([usual, better]), confirmed: [better] }
    })
    const policy = tunedPolicy(made, found)
    expect(parsePolicy(JSON.parse(policyJson(policy)))).toEqual(policy)
    expect(kernelsOf(policy, [1, 2], { precision: 'int8' })).toEqual(['gemv_fp4 two', 'gemv_fp4'])
    expect(kernelsOf(policy, [1, 2], { precision: 'float32' })).toEqual(['gemv_fp4 eight', 'gemv_fp4'])
    expect(policy.provenance?.margin.ratio).toBeCloseTo(Math.sqrt(0.5 * 0.75), 4)
  })

  it('names it in every rule, and no other where the backend knows no other', () => {
    const all = policyOf([[8, { ...gemv, constants: { rows: 'eight' } }]], { precision: 'int8' }).fp4
    expect(new Set(all.map(({ precision }) => precision))).toEqual(new Set(['int8', 'float32']))
    const metal = policyOf([[8, { ...gemv, constants: { rows: 'eight' } }]], { backend: 'metal' }).fp4
    expect(new Set(metal.map(({ precision }) => precision))).toEqual(new Set(['float32']))
  })
})
