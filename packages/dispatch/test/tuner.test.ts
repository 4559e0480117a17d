/** The tuner without a device: what it may choose from, and what measurements make it choose. */
import { describe, expect, it } from 'vitest'
import {
  type DeviceProfile,
  type Measurement,
  type Precision,
  type TunerCandidate,
  candidateName,
  chooseRules,
  isSameCandidate,
  selectKernel,
  tunerCandidates,
} from '../src/index.js'

const cpu = { backend: 'cpu', name: 'a CPU, avx512' } as const

describe('candidates', () => {
  const namesIn = (asked: Precision, m: number, profile: Pick<DeviceProfile, 'backend' | 'name'> = cpu): string[] => {
    const { order } = selectKernel({ m: 1, n: 256, k: 512, format: 'fp4', precision: asked }, profile)
    return tunerCandidates({ m, n: 256, k: 512, format: 'fp4', precision: asked }, profile, order).map(candidateName)
  }
  const names = (m: number): string[] => namesIn('float32', m)

  it('on a CPU are one kernel in precision int8 and with AVX2, whatever it is called: all of them are the same code', () => {
    const avx2 = { backend: 'cpu', name: 'a CPU, avx2' } as const
    for (const [precision, profile] of [
      ['int8', cpu],
      ['int8', avx2],
      ['float32', avx2],
    ] as const) {
      for (const m of [1, 3, 8]) expect(namesIn(precision, m, profile)).toEqual(['gemv_fp4'])
      for (const m of [9, 64, 512]) expect(namesIn(precision, m, profile)).toEqual(['gemm_fp4 rows8'])
    }
    const [rows8, panel] = (['rows8', 'panel'] as const).map((tile) => ({ kernel: 'gemm_fp4', tile }) as const)
    expect(isSameCandidate(rows8, panel, { ...cpu, precision: 'int8' })).toBe(true)
    expect(isSameCandidate(rows8, panel, { ...avx2, precision: 'float32' })).toBe(true)
    expect(isSameCandidate(rows8, panel, { ...cpu, precision: 'float32' })).toBe(false)
    expect(isSameCandidate(rows8, panel, { backend: 'metal', name: 'a GPU', precision: 'int8' })).toBe(false)
  })

  it('on a CPU are rows or panels in float32', () => {
    for (const m of [1, 3, 8]) expect(names(m)).toEqual(['gemv_fp4', 'gemm_fp4 panel'])
    for (const m of [9, 512]) expect(names(m)).toEqual(['gemm_fp4 rows8', 'gemm_fp4 panel'])
  })

  it('on a GPU are the kernels of one order, each compiled for as many rows or more', () => {
    const gpu = { backend: 'metal', name: 'a GPU' } as const
    const { order } = selectKernel({ m: 1, n: 65_536, k: 512, format: 'fp4', precision: 'float32' }, gpu)
    const on = (m: number): string[] =>
      tunerCandidates({ m, n: 65_536, k: 512, format: 'fp4', precision: 'float32' }, gpu, order).map(candidateName)
    expect(on(3)).toEqual(['gemv_fp4', 'gemv_fp4 rows=eight'])
    expect(on(8)).toEqual(['gemv_fp4'])
    // Matrix tiles have an order of their own there.
    expect(on(9)).toEqual([])
  })

  it('never have other bits: no baseline, no other order', () => {
    expect([...names(1), ...namesIn('int8', 1)].filter((name) => /wide|marlin|partial/.test(name))).toEqual([])
    expect(tunerCandidates({ m: 1, n: 256, k: 512, format: 'fp4' }, cpu, 'another/1')).toEqual([])
  })
})

describe('chooseRules', () => {
  const gemv: TunerCandidate = { kernel: 'gemv_fp4' }
  const rows8: TunerCandidate = { kernel: 'gemm_fp4', tile: 'rows8' }
  const panel: TunerCandidate = { kernel: 'gemm_fp4', tile: 'panel' }
  const fallback = (m: number, candidate: TunerCandidate): Measurement => ({
    m,
    candidate,
    isFallback: true,
    ratio: 1,
    low: 1,
    high: 1,
  })
  const rival = (m: number, candidate: TunerCandidate, ratio: number, spread = 0.02): Measurement => ({
    m,
    candidate,
    isFallback: false,
    ratio,
    low: ratio - spread,
    high: ratio + spread,
  })
  const chosen = (...measurements: readonly Measurement[]): unknown[] =>
    chooseRules(measurements).map(({ maxM, candidate }) => [maxM, candidateName(candidate)])

  it('replaces the fallback only where another is surely faster', () => {
    expect(chosen(fallback(4, gemv), rival(4, rows8, 0.9))).toEqual([[null, 'gemm_fp4 rows8']])
    // Faster in the median, but its interval reaches the fallback; and faster by less than is worth a rule.
    expect(chosen(fallback(4, gemv), rival(4, rows8, 0.9, 0.11))).toEqual([[null, 'gemv_fp4']])
    expect(chosen(fallback(4, gemv), rival(4, rows8, 0.985, 0.001))).toEqual([[null, 'gemv_fp4']])
  })

  it('takes the fastest of several', () => {
    expect(
      chosen(fallback(32, rows8), rival(32, panel, 0.7), rival(32, { ...rows8, constants: { rows: 'four' } }, 0.8)),
    ).toEqual([[null, 'gemm_fp4 panel']])
  })

  it('joins neighbours of one choice; borders lie at the last rows measured, whatever the order they came in', () => {
    const measured = [
      fallback(64, rows8),
      rival(64, panel, 0.9),
      fallback(1, gemv),
      fallback(8, gemv),
      fallback(16, rows8),
      rival(16, panel, 1.1),
      fallback(128, panel),
    ]
    expect(chosen(...measured)).toEqual([
      [8, 'gemv_fp4'],
      [16, 'gemm_fp4 rows8'],
      [null, 'gemm_fp4 panel'],
    ])
    expect(chooseRules(measured)[2].rows.map(({ m }) => m)).toEqual([64, 128])
  })

  it('needs the fallback at each number of rows', () => {
    expect(() => chooseRules([rival(4, rows8, 0.5)])).toThrow(
      '[chooseRules] expected a measurement of the fallback at m = 4, got none.',
    )
    expect(chooseRules([])).toEqual([])
  })
})
