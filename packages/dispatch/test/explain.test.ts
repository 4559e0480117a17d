import { describe, expect, it } from 'vitest'
import { type MatmulProblem, explain, policies, profileOf, profileOfLibrary } from '../src/index.js'

const profile = { backend: 'cpu', name: 'Test CPU', gigabytesPerSecond: 40 } as const
const problem: MatmulProblem = { m: 1, n: 4096, k: 4096, format: 'fp4' }

describe('explain', () => {
  it('says that a 64x64 tile would use 1/64 of its rows at M = 1', () => {
    const explanation = explain(problem, profile)
    expect(explanation.tile).toEqual({ rows: 64, columns: 64, computedRows: 64, usedRows: 1, fraction: 1 / 64 })
    expect(String(explanation)).toContain('M = 1 would use 1/64 of the rows of a 64x64 tile (1.6 %)')
  })

  it('says which precision, and why', () => {
    const { choice, precisionReason, text } = explain(problem, profile)
    expect(choice.precision).toBe('int8')
    expect(precisionReason).toMatch(/^default, not swept: .*; fp4-decode perplexity /)
    expect(text).toContain(`precision: int8 (${precisionReason})`)
    expect(explain({ ...problem, groupSize: 24 }, profile).precisionReason).toBe('int8 is not legal here')
    expect(explain({ ...problem, format: 'bf16' }, profile).precisionReason).toBe('the weights are not quantized')
  })

  it('knows the speed of both precisions by instruction set, or says that it was not measured', () => {
    const reasonOf = (name: string): string => {
      const { choice, precisionReason } = explain(problem, { ...profile, name })
      expect(choice.precision).toBe('int8')
      return precisionReason
    }
    for (const isa of ['plain', 'avx2', 'avx512', 'avx512vnni']) {
      const [, one, eight] =
        /^swept on AMD EPYC \(Zen 5\), 2 cores, 2026-11-21: pnpm -s bench isa .* with (?:\w+) int8 takes (0\.\d+) of .*, (0\.\d+) at M = 8; fp4-decode perplexity /.exec(
          reasonOf(`Test CPU, ${isa}`),
        ) ?? []
      // It would not be the default where it was slower.
      expect(Number(one), isa).toBeGreaterThan(0)
      expect(Number(one), isa).toBeLessThan(1)
      expect(Number(eight), isa).toBeGreaterThan(0)
      expect(Number(eight), isa).toBeLessThan(1)
    }
    for (const isa of ['neon', 'neondot']) {
      expect(reasonOf(`Test CPU, ${isa}`)).toMatch(
        new RegExp(`^default, not swept: the inner loop of int8 has 0\\.\\d+ of the instructions .* with ${isa} `),
      )
    }
    expect(reasonOf('Test CPU, constructor')).toMatch(/^default, not swept: bytes are multiplied /)
  })

  it('cites what was tuned for the device, and for no other number of threads', () => {
    const tuned = policies.find(({ provenance }) => provenance !== undefined)!
    const large = { ...problem, m: 512, precision: 'float32' } as const
    const { text } = explain(large, { ...profile, name: tuned.device!, threads: tuned.provenance!.threads })
    expect(text).toContain(
      `(policy '${tuned.name}': swept on ${tuned.device}, ${tuned.provenance!.date}: pnpm bench tune `,
    )
    expect(text).toMatch(/takes 0\.\d\d \(95 % interval 0\.\d\d to 0\.\d\d\) of the fallback's time/)
    expect(explain(large, { ...profile, name: tuned.device!, threads: 64 }).text).toContain("(policy 'cpu': ")
  })

  it('names the choice, its threshold, what it moves and the roofline time', () => {
    const explanation = explain({ ...problem, precision: 'float32' }, profile)
    expect(explanation.text).toMatchInlineSnapshot(`
      "M = 1, N = 4096, K = 4096, fp4, groups of 128, epilogue none, on Test CPU (cpu)
      kernel: gemv_fp4, order columns64/1
      precision: float32 (asked for)
      why: M = 1 (policy 'cpu': one row: a GEMV reads every weight once and computes no row of padding)
      M = 1 would use 1/64 of the rows of a 64x64 tile (1.6 %)
      moves 8.68 MB for 33.55 million operations
      roofline: 217.1 µs at 40.0 GB/s
      also legal: gemm_fp4 (tile rows8), gemm_fp4 (tile panel)"
    `)
    expect(String(explanation)).toBe(explanation.text)
    expect(explanation.bytes).toBe((4096 * 4096) / 2 + 4096 * 32 * 2 + 2 * 4096 * 4)
    expect(explanation.operations).toBe(2 * 4096 * 4096)
    // 8,683,520 bytes at 40 GB/s.
    expect(explanation.rooflineMicroseconds).toBeCloseTo(217.088, 6)
  })

  it('tells the regimes apart, and wasted rows at their borders', () => {
    const at = (m: number): [string, string, number] => {
      const { regime, choice, tile } = explain({ ...problem, m }, profile)
      return [regime, choice.kernel, tile.fraction]
    }
    expect(at(8)).toEqual(['M = 2..8', 'gemv_fp4', 8 / 64])
    expect(at(9)).toEqual(['M = 9..64', 'gemm_fp4', 9 / 64])
    expect(at(64)).toEqual(['M = 9..64', 'gemm_fp4', 1])
    expect(at(65)).toEqual(['M > 64', 'gemm_fp4', 65 / 128])
    expect(explain({ ...problem, m: 65 }, profile).text).toContain(
      'M = 65 would use 65/128 of the rows of 64x64 tiles (50.8 %)',
    )
    expect(explain({ ...problem, m: 65, precision: 'float32' }, profile).reason).toMatch(
      /^M = 65 is beyond every other rule in float32 \(policy 'cpu': swept on AMD EPYC \(Zen 5\), 2 cores, 2026-11-21: pnpm -s bench gemm /,
    )
  })

  it('cites a rule of the precision that the product is in', () => {
    expect(explain({ ...problem, m: 64 }, profile).reason).toMatch(
      /^M = 64 is at most 64 in int8 \(policy 'cpu': gemv_fp4 takes at most 8 rows; /,
    )
  })

  it('fills defaults in, and says so of a kernel asked for by name', () => {
    const named = explain({ ...problem, format: 'nvfp4' }, profile, { kernel: 'gemm_fp4' })
    expect(named.problem).toEqual({
      ...problem,
      format: 'nvfp4',
      groupSize: 16,
      epilogue: 'none',
      order: 'columns64',
      precision: 'int8',
    })
    expect(named.reason).toBe('asked for by name')
    expect(named.alternatives).toEqual(['gemv_fp4', 'gemm_fp4 (tile panel)'])
  })

  it('is plain data, but for its text', () => {
    const { toString: _, ...data } = explain(problem, profile)
    expect(JSON.parse(JSON.stringify(data))).toEqual(data)
  })
})

describe('profileOf', () => {
  it('takes the measured bandwidth of a device, and names the instruction set of a CPU', () => {
    const info = {
      backend: 'cpu',
      name: 'AMD EPYC',
      cores: 2,
      threads: 2,
      memoryBytes: 1,
      copyGigabytesPerSecond: 37.5,
      features: ['avx2'],
      pageBytes: 16384,
      offsetAlignment: 64,
      maxThreadsPerThreadgroup: 1024,
    } as const
    const profile = { backend: 'cpu', name: 'AMD EPYC, avx2', threads: 2, gigabytesPerSecond: 37.5 }
    expect(profileOf(info)).toEqual(profile)
    expect(profileOf({ ...info, features: [] }).name).toBe('AMD EPYC, plain')
    expect(profileOf({ ...info, backend: 'metal', name: 'Apple M4 Max' }).name).toBe('Apple M4 Max')
    // A library may have been offered less than the processor has.
    expect(profileOfLibrary({ info, isa: 'avx2' })).toEqual(profile)
    expect(profileOfLibrary({ info: { ...info, features: ['avx512', 'avx2'] }, isa: 'avx2' })).toEqual(profile)
  })
})
