/** The benchmark suites: that they run, and that what they time is right. How fast it is, no test asserts. */
import { type Suite, countSuites, runSuites } from '@metal-fp4/bench'
import { type Device, createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { argumentArray } from '../bench/arrays.js'
import { experts, gemm, gemv, isa, moe, suites, utilization } from '../bench/index.js'
import { gemvFp4 } from '../src/manifest/index.js'
import { resolveKernel } from '../src/manifest/resolve.js'
import { nmse } from '../src/oracles/compare.js'
import { dequantizeRows, quantizeRows } from '../src/oracles/int8_rows.js'
import { gemvFp4 as oracle } from '../src/oracles/gemv_fp4.js'
import { call } from './support/call.js'
import { canSimulate, compileTimeout } from './support/simulate.js'

const roofBytes = 1024 * 1024

let device: Device
beforeAll(async () => {
  device = await createDevice({ backend: 'cpu', threads: 2 })
})
afterAll(() => {
  device.dispose()
})

describe('4096x4096, M = 1', () => {
  const [m, n, k] = [1, 4096, 4096]

  it('gives finite values, those of the float64 oracle', async () => {
    const spec = { problem: { m, n, k, groupSize: 128 }, constants: { format: 'fp4' } } as const
    const { args } = resolveKernel(gemvFp4, spec.problem, spec.constants)
    const inputs = Object.fromEntries(
      args.map((argument) => [argument.definition.name, argument.bound ? argumentArray(argument) : null]),
    ) as unknown as { activations: Float32Array; codes: Uint32Array; scales: Uint16Array }
    const out = new Float32Array(m * n)
    await call(gemvFp4, { ...spec, args: { ...inputs, out } })
    expect(out.every(Number.isFinite)).toBe(true)
    const expected = oracle(spec.problem, spec.constants, inputs)
    expect(nmse(out, expected.out)).toBeLessThan(1e-10)
  })

  it('has a row that says how many products a second, beside the baselines', async () => {
    const filter = { shapes: [{ n, k }], m: [m], formats: ['fp4'] }
    const { rows, failures } = await runSuites({
      device,
      suites: [gemv],
      filter,
      samples: 1,
      attempts: 1,
      minColdBytes: 1,
      roofBytes,
    })
    expect(failures).toEqual([])
    expect(rows.map(({ kernel, format, precision }) => [kernel, format, precision])).toEqual([
      ['gemv_fp4', 'fp4', 'int8'],
      ['gemv_fp4', 'fp4', 'float32'],
      ['decode_gemv_fp4_wide', 'fp4', 'float32'],
      ['marlin_gemm_fp4', 'fp4', 'float32'],
    ])
    for (const row of rows) {
      expect(row.runsPerSecond).toBeCloseTo(1e9 / row.medianNs, 6)
      expect(row.bytes).toBeGreaterThan((n * k) / 2)
    }
  })
})

describe('suites', () => {
  const filter = { shapes: [{ n: 512, k: 1024 }] }
  const kernels = async (suite: Suite, more: object): Promise<unknown[]> => {
    const { rows, failures } = await runSuites({
      device,
      suites: [suite],
      filter: { ...filter, ...more },
      samples: 1,
      attempts: 1,
      minColdBytes: 1,
      roofBytes,
    })
    expect(failures).toEqual([])
    return rows.map(({ kernel, variant, format, precision, m }) =>
      [kernel, variant, format, precision === 'int8' && precision, m].filter(Boolean).join(' '),
    )
  }

  it('have names of their own', () => {
    expect(suites.map(({ name }) => name)).toEqual(['gemv', 'gemm', 'experts', 'moe', 'isa', 'utilization'])
  })

  it('gemv runs every format up to 8 rows', async () => {
    expect(await kernels(gemv, { m: [8, 9], formats: ['fp4', 'mxfp4', 'nvfp4', 'f16', 'bf16', 'f32'] })).toEqual([
      'gemv_fp4 fp4 int8 8',
      'gemv_fp4 fp4 8',
      'gemv_fp4 mxfp4 int8 8',
      'gemv_fp4 mxfp4 8',
      'gemv_fp4 nvfp4 int8 8',
      'gemv_fp4 nvfp4 8',
      'gemv_dense f16 8',
      'gemv_dense bf16 8',
      'gemv_dense f32 8',
    ])
  })

  it('several rows are compared with one in the same precision, where weights stay cold in turns', async () => {
    const compared = async (suite: Suite, m: readonly number[]): Promise<unknown[]> => {
      const options = {
        filter: { ...filter, m, formats: ['nvfp4'] },
        samples: 2,
        attempts: 1,
        minColdBytes: 1,
        roofBytes,
      }
      const { rows, failures } = await runSuites({ device, suites: [suite], ...options })
      expect(failures).toEqual([])
      for (const { times, againstNs } of rows) expect(againstNs?.length ?? 0).toBe(times === undefined ? 0 : 2)
      return rows.map(({ precision, m, against }) => [precision, m, against])
    }
    expect(await compared(gemv, [1, 2])).toEqual([
      ['int8', 1, undefined],
      ['float32', 1, undefined],
      ['int8', 2, 'M = 1'],
      ['float32', 2, 'M = 1'],
    ])
    expect((await compared(gemv, [2])).map((row) => (row as unknown[])[2])).toEqual([undefined, undefined])
    // A sample of gemm is one product: in turns, one row would read what the others just read.
    for (const row of await compared(gemm, [1, 9])) expect((row as unknown[])[2]).toBeUndefined()
  })

  it('gemm runs each tile, and the baseline up to 64 rows', async () => {
    expect(await kernels(gemm, { m: [9, 65], formats: ['fp4', 'f16'] })).toEqual([
      'gemm_fp4 panel fp4 int8 9',
      'gemm_fp4 rows8 fp4 9',
      'gemm_fp4 panel fp4 9',
      'gemm_fp4 panel fp4 int8 65',
      'gemm_fp4 rows8 fp4 65',
      'gemm_fp4 panel fp4 65',
      'marlin_gemm_fp4 fp4 9',
      'gemm_dense f16 9',
      'gemm_dense f16 65',
    ])
  })

  it('experts runs each precision, the default of the device first', async () => {
    expect(await kernels(experts, { formats: ['mxfp4', 'bf16'] })).toEqual([
      'moe_gemv_fp4 4 of 32 experts mxfp4 int8 1',
      'moe_gemv_fp4 4 of 32 experts mxfp4 1',
    ])
  })

  it('every suite has only rows of the precisions that were asked for', async () => {
    const int8 = { formats: ['fp4', 'bf16'], precisions: ['int8'] }
    expect(await kernels(gemv, { m: [1], shapes: [{ n: 4096, k: 4096 }], ...int8 })).toEqual(['gemv_fp4 fp4 int8 1'])
    expect(await kernels(gemm, { m: [9], ...int8 })).toEqual(['gemm_fp4 panel fp4 int8 9'])
    expect(await kernels(experts, int8)).toEqual(['moe_gemv_fp4 4 of 32 experts fp4 int8 1'])
    expect(await kernels(moe, int8)).toEqual(['moe_layer fp4 int8 1'])
    expect(await kernels(gemv, { m: [1], formats: ['bf16'], precisions: ['float32'] })).toEqual(['gemv_dense bf16 1'])
  })

  it.each([gemv, gemm, experts, moe, isa])('$name refuses a precision that is none', async (suite) => {
    const options = { filter: { ...filter, precisions: ['int8', 'in8'] }, samples: 1, minColdBytes: 1, roofBytes }
    const { rows, failures } = await runSuites({ device, suites: [suite], ...options })
    expect(rows).toEqual([])
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringContaining('[bench] expected --precision float32 or int8, got in8.'),
    ])
  })

  it('isa runs both precisions on every instruction set of the processor', async () => {
    const sets = ['plain', ...[...device.info.features].reverse()]
    expect(await kernels(isa, { m: [1, 9] })).toEqual(
      sets.flatMap((set) => [`gemv_fp4 ${set} fp4 int8 1`, `gemv_fp4 ${set} fp4 1`]),
    )
  })

  it('moe runs a layer, and counts the experts that a token reads', async () => {
    expect(await kernels(moe, { formats: ['mxfp4', 'bf16'] })).toEqual(['moe_layer mxfp4 int8 1', 'moe_layer mxfp4 1'])
    const options = { device, suites: [moe], samples: 1, attempts: 1, roofBytes }
    const { rows } = await runSuites({ ...options, filter: { ...filter, formats: ['mxfp4'] }, minColdBytes: 1 })
    expect(rows[0]).not.toHaveProperty('cached')
    // 4 of 64 experts of three 512 x 1024 matrices at 4.25 bits; the router's 64 x 1024 float32; a row in and one out.
    expect(rows[0].bytes).toBe(4 * 3 * 512 * 1024 * (4.25 / 8) + 64 * 1024 * 4 + 2 * 1024 * 4)
    // All 64 experts are fewer bytes than should lie between two uses of one.
    const small = await runSuites({ ...options, filter: { ...filter, formats: ['mxfp4'], precisions: ['int8'] } })
    expect(small.rows).toMatchObject([{ cached: true, percentOfRoof: null }])
  })
})

it('activations in precision int8 are what quantizing their values gives: what is timed is what is compared', () => {
  const { args } = resolveKernel(gemvFp4, { m: 3, n: 64, k: 4100, groupSize: 128 }, { precision: 'int8' })
  const words = argumentArray(args[0]) as Uint32Array
  expect(quantizeRows(Float32Array.from(dequantizeRows(words, 3, 4112)), 3, 4112)).toEqual(words)
})

describe('utilization', () => {
  if (!canSimulate) {
    it.skip('counts in metal-sim (install clang-19)', () => undefined)
    return
  }
  const count = async (m: readonly number[], shapes?: readonly { n: number; k: number }[]) => {
    const filter = { m, formats: ['fp4'], ...(shapes && { shapes }) }
    const { rows, failures } = await countSuites({ suites: [utilization], filter })
    expect(failures).toEqual([])
    return rows
  }

  it(
    'the GEMM of 64x64 tiles wastes 63 of 64 rows at M = 1, and none at M = 64',
    { timeout: compileTimeout },
    async () => {
      const [n, k] = [128, 256]
      const rows = (await count([1, 16, 64], [{ n, k }])).filter(({ kernel }) => kernel === 'marlin_gemm_fp4')
      expect(rows.map(({ m, utilization: share }) => [m, share])).toEqual([
        [1, 1 / 64],
        [16, 1 / 4],
        [64, 1],
      ])
      expect(rows[0]).toMatchObject({ usefulMultiplyAdds: n * k, executedMultiplyAdds: 64 * n * k })
    },
  )

  it(
    'the GEMVs execute at least 90 % useful multiply-adds at M = 1, N and K of 1024',
    { timeout: compileTimeout },
    async () => {
      const [n, k] = [1024, 1024]
      const rows = (await count([1], [{ n, k }])).filter(({ kernel }) => kernel !== 'marlin_gemm_fp4')
      expect(rows.map(({ kernel }) => kernel)).toEqual(['decode_gemv_fp4_wide', 'gemv_fp4', 'gemv_fp4_partial'])
      for (const { utilization: share, usefulMultiplyAdds, bytesRead, uniqueBytesRead } of rows) {
        expect(share).toBeGreaterThanOrEqual(0.9)
        expect(share).toBeLessThanOrEqual(1)
        expect(usefulMultiplyAdds).toBeGreaterThanOrEqual(n * k)
        // Codes of 4 bits, and more than them: scales and the row.
        expect(uniqueBytesRead).toBeGreaterThan((n * k) / 2)
        expect(bytesRead).toBeGreaterThanOrEqual(uniqueBytesRead ?? NaN)
      }
    },
  )
})
