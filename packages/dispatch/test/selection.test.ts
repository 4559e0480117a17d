import { describe, expect, it } from 'vitest'
import {
  type MatmulProblem,
  DispatchError,
  defaultPrecision,
  legalCandidates,
  policies,
  policyFor,
  selectKernel,
} from '../src/index.js'

const cpu = { backend: 'cpu', name: 'any processor' } as const
const shape = { n: 4096, k: 4096 }
const fp4Formats = ['fp4', 'mxfp4', 'nvfp4'] as const
const denseTypes = ['f32', 'f16', 'bf16'] as const

/** "kernel", or "kernel/tile". */
function chosen(problem: MatmulProblem): string {
  const { kernel, tile } = selectKernel(problem, cpu)
  return tile === undefined ? kernel : `${kernel}/${tile}`
}

describe('M-aware routing', () => {
  it('M-aware routing: M = 1, 2..8, 9..64 and larger are routed differently', () => {
    const routes: readonly (readonly [m: number, kernel: string, rule: number | null])[] = [
      [1, 'gemv_fp4', 1],
      [2, 'gemv_fp4', 8],
      [4, 'gemv_fp4', 8],
      [8, 'gemv_fp4', 8],
      [9, 'gemm_fp4/rows8', 64],
      [16, 'gemm_fp4/rows8', 64],
      [64, 'gemm_fp4/rows8', 64],
      [65, 'gemm_fp4/panel', null],
      [512, 'gemm_fp4/panel', null],
      [100_000, 'gemm_fp4/panel', null],
    ]
    for (const format of fp4Formats) {
      for (const [m, kernel, maxM] of routes) {
        expect([format, m, chosen({ ...shape, m, format })]).toEqual([format, m, kernel])
        expect(selectKernel({ ...shape, m, format }, cpu).rule?.maxM).toBe(maxM)
      }
    }
  })

  it('routes dense weights by rows too', () => {
    for (const format of denseTypes) {
      expect([1, 2, 8, 9, 64, 65].map((m) => chosen({ ...shape, m, format }))).toEqual([
        'gemv_dense',
        'gemv_dense',
        'gemv_dense',
        'gemm_dense',
        'gemm_dense',
        'gemm_dense',
      ])
    }
  })

  it('stays within one order of operations for M = 1..8, whatever the shape, format and epilogue', () => {
    const shapes = [shape, { n: 67, k: 100 }, { n: 1, k: 1 }, { n: 128256, k: 4096 }, { n: 64, k: 14336 }]
    for (const policy of policies) {
      const profile = { backend: policy.backend, name: policy.device ?? 'any' }
      for (const format of [...fp4Formats, ...denseTypes]) {
        for (const epilogue of ['none', 'add', 'swiglu'] as const) {
          for (const { n, k } of shapes) {
            const orders = Array.from(
              { length: 8 },
              (_, i) => selectKernel({ m: i + 1, n, k, format, epilogue }, profile).order,
            )
            expect(new Set(orders).size, `${policy.name} ${format} ${n}x${k}`).toBe(1)
          }
        }
      }
    }
  })

  it('hands function constants and the problem over in the names of the kernel', () => {
    const problem = { m: 3, n: 100, k: 77, format: 'fp4', groupSize: 32, epilogue: 'add' } as const
    expect(selectKernel(problem, cpu)).toMatchObject({
      kernel: 'gemv_fp4',
      problem: { m: 3, n: 100, k: 77, groupSize: 32 },
      constants: { format: 'fp4', epilogue: 'add', precision: 'int8' },
      precision: 'int8',
      order: 'columns64/int8/1',
      prepare: { problem: { m: 3, k: 77 } },
      scratchBytes: 3 * 5 * 24,
      baseline: false,
      policy: 'cpu',
    })
    expect(selectKernel({ ...problem, m: 70 }, cpu).constants).toEqual({
      format: 'fp4',
      epilogue: 'add',
      tile: 'panel',
      precision: 'int8',
    })
    expect(selectKernel({ m: 1, n: 4, k: 5, format: 'bf16' }, cpu)).toMatchObject({
      problem: { m: 1, n: 4, k: 5 },
      constants: { type: 'bf16', epilogue: 'none' },
    })
  })
})

describe('precision', () => {
  it('is int8 on a CPU where that is legal, else float32, whatever M is', () => {
    for (const m of [1, 8, 9, 100]) {
      const precisionOf = (changes: Partial<MatmulProblem>): string =>
        selectKernel({ ...shape, m, format: 'fp4', ...changes }, cpu).precision
      expect(precisionOf({})).toBe('int8')
      expect(precisionOf({ groupSize: 16 })).toBe('int8')
      expect(precisionOf({ groupSize: 24 })).toBe('float32')
      expect(precisionOf({ groupSize: 4096 })).toBe('int8')
      expect(precisionOf({ format: 'bf16' })).toBe('float32')
      expect(precisionOf({ precision: 'float32' })).toBe('float32')
    }
    const gpu = { backend: 'metal', name: 'any' } as const
    expect(selectKernel({ ...shape, m: 1, format: 'fp4' }, gpu).precision).toBe('float32')
    expect(defaultPrecision('cpu')).toBe('int8')
    expect(defaultPrecision('metal')).toBe('float32')
  })

  it('float32 has the order that it always had, and no scratch', () => {
    const choice = selectKernel({ ...shape, m: 1, format: 'fp4', precision: 'float32' }, cpu)
    expect(choice).toMatchObject({ order: 'columns64/1', scratchBytes: 0, constants: { precision: 'float32' } })
    expect(choice.prepare).toBeUndefined()
  })

  it.each([
    [{ groupSize: 24 }, cpu, 'expected a problem for a legal kernel'],
    [{}, { backend: 'metal', name: 'any' } as const, 'expected a problem for a legal kernel'],
    [{ format: 'f16' as const }, cpu, 'expected precision float32 for f16 weights, got int8. int8 is for FP4 weights.'],
  ])('int8 by name is refused where it is not legal: %j', (changes, profile, message) => {
    expect(() => selectKernel({ ...shape, m: 1, format: 'fp4', precision: 'int8', ...changes }, profile)).toThrow(
      message,
    )
  })

  it('refuses others', () => {
    const wrong = { ...shape, m: 1, format: 'fp4', precision: 'int4' } as unknown as MatmulProblem
    expect(() => selectKernel(wrong, cpu)).toThrow("expected precision 'float32' or 'int8', got int4.")
  })
})

describe('selection', () => {
  const names = (problem: MatmulProblem): string[] =>
    legalCandidates(problem, 'cpu').map(({ kernel, tile }) => (tile === undefined ? kernel : `${kernel}/${tile}`))

  it('follows the constraints of the manifest', () => {
    expect(names({ ...shape, m: 8, format: 'fp4' })).toEqual(['gemv_fp4', 'gemm_fp4/rows8', 'gemm_fp4/panel'])
    expect(names({ ...shape, m: 9, format: 'fp4' })).toEqual(['gemm_fp4/rows8', 'gemm_fp4/panel'])
    expect(names({ ...shape, m: 8, format: 'f16' })).toEqual(['gemv_dense', 'gemm_dense'])
    expect(names({ ...shape, m: 1, format: 'fp4', groupSize: 12 })).toEqual([])
  })

  it('reads each packing order with the kernels made for it', () => {
    expect(names({ ...shape, m: 1, format: 'fp4', order: 'kn' })).toEqual(['decode_gemv_fp4_wide', 'marlin_gemm_fp4'])
    expect(names({ ...shape, m: 1, format: 'nvfp4', order: 'kn' })).toEqual([])
    expect(names({ ...shape, m: 1, format: 'fp4', order: 'kn', epilogue: 'add' })).toEqual([])
    expect(names({ ...shape, m: 1, format: 'fp4', order: 'rows' })).toEqual([])
  })

  it('has nothing for a backend without kernels yet', () => {
    expect(legalCandidates({ ...shape, m: 1, format: 'mxfp4' }, 'cuda')).toEqual([])
  })

  it('counts what a kernel moves and computes', () => {
    // 4096 x 4096 codes of 4 bits, 32 groups of 2 bytes a column, a row of activations in, a row of results out.
    const bytes = (4096 * 4096) / 2 + 4096 * 32 * 2 + 4096 * 4 + 4096 * 4
    expect(legalCandidates({ ...shape, m: 1, format: 'fp4' }, 'cpu')[0]).toMatchObject({
      bytes,
      operations: 2 * 4096 * 4096,
    })
  })
})

describe('selectKernel', () => {
  it('takes a kernel that is asked for by name', () => {
    const byName = selectKernel({ ...shape, m: 1, format: 'fp4', order: 'kn' }, cpu, { kernel: 'decode_gemv_fp4_wide' })
    expect(byName).toMatchObject({ kernel: 'decode_gemv_fp4_wide', rule: null, baseline: true })
    expect(byName.problem).toEqual({ M: 1, N: 4096, K: 4096, group_size: 128 })
    // A kernel with several variants gets the one that the policy has for these rows.
    const tiles = [16, 100].map((m) => selectKernel({ ...shape, m, format: 'fp4' }, cpu, { kernel: 'gemm_fp4' }).tile)
    expect(tiles).toEqual(['rows8', 'panel'])
    expect(selectKernel({ ...shape, m: 1, format: 'fp4' }, cpu, { kernel: 'gemm_fp4' })).toMatchObject({
      tile: 'rows8',
      rule: null,
    })
  })

  it('never takes a baseline by itself', () => {
    expect(() => selectKernel({ ...shape, m: 1, format: 'fp4', order: 'kn' }, cpu)).toThrow(
      'Legal when asked for by name: decode_gemv_fp4_wide, marlin_gemm_fp4.',
    )
  })

  it.each([
    [{ ...shape, m: 0, format: 'fp4' }, 'expected m to be a positive integer, got 0'],
    [{ m: 1, n: 1.5, k: 8, format: 'fp4' }, 'expected n to be a positive integer, got 1.5'],
    [{ ...shape, m: 1, format: 'fp5' }, 'expected format fp4, mxfp4, nvfp4, f32, f16, bf16, got fp5'],
    [{ ...shape, m: 1, format: 'fp4', epilogue: 'gelu' }, "expected epilogue 'none', 'add' or 'swiglu', got gelu"],
    [
      { ...shape, m: 1, format: 'fp4', groupSize: 12 },
      'expected a problem for a legal kernel, got m 1, n 4096, k 4096, fp4, groupSize 12',
    ],
  ])('refuses %j', (problem, message) => {
    const select = (): unknown => selectKernel(problem as MatmulProblem, cpu)
    expect(select).toThrow(DispatchError)
    expect(select).toThrow(message)
  })

  it('refuses a kernel by name that is not legal', () => {
    expect(() => selectKernel({ ...shape, m: 9, format: 'fp4' }, cpu, { kernel: 'gemv_fp4' })).toThrow(
      "[selectKernel] expected a problem for kernel 'gemv_fp4', got m 9, n 4096, k 4096, fp4. Legal when asked for by name: gemm_fp4.",
    )
  })
})

describe('policy', () => {
  it('says for every threshold where it comes from', () => {
    for (const { fp4, dense, split } of policies) {
      for (const { source } of [...fp4, ...dense, ...(split ? [split] : [])]) {
        if (source.kind === 'swept') {
          expect(source.date).toMatch(/^\d{4}-\d\d-\d\d$/)
          expect(source.device).not.toBe('')
          expect(source.sweep).not.toBe('')
        } else {
          expect(source.why.length).toBeGreaterThan(20)
          expect(source.kind === 'default').toBe(source.why.startsWith('default, not swept: '))
        }
      }
    }
  })

  it('has rules in order of rows, the last without an end', () => {
    for (const { fp4, dense } of policies) {
      for (const rules of [fp4, dense]) {
        const ends = rules.map(({ maxM }) => maxM ?? Number.POSITIVE_INFINITY)
        expect(ends).toEqual([...ends].sort((a, b) => a - b))
        expect(ends.at(-1)).toBe(Number.POSITIVE_INFINITY)
      }
    }
  })

  it('refuses a backend without one', () => {
    expect(() => policyFor({ backend: 'cuda', name: 'NVIDIA H200' })).toThrow(
      '[selectKernel] expected a device of backend cpu, metal, got cuda.',
    )
  })
})
