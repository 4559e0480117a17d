/** Cases of the benchmark are the cases of a correctness test: what is timed is compared with the oracle, over shapes named for their edges. */
import type { BenchCase } from '@metal-fp4/bench'
import { createDevice } from '@metal-fp4/metal-core'
import { describe, expect, it } from 'vitest'
import { checkAgainstOracle } from '../bench/check.js'
import { experts, gemm, gemv } from '../bench/index.js'
import { gemvFp4, resolveKernel } from '../src/index.js'

const shapes = {
  'whole tiles and groups': { n: 128, k: 256 },
  'ragged columns and one group': { n: 200, k: 128 },
  'a ragged last group': { n: 64, k: 320 },
}

const formats = ['fp4', 'mxfp4', 'nvfp4', 'f16', 'bf16', 'f32']

describe.each(Object.entries(shapes))('cases of %s', (_shape, shape) => {
  it.each([
    ['gemv', gemv, [1, 3, 8]],
    ['gemm', gemm, [9, 65]],
    ['experts', experts, [1, 3]],
  ] as const)('%s give what their oracles give', async (_, suite, m) => {
    using device = await createDevice({ backend: 'cpu' })
    const context = { device, threads: device.info.threads, signal: new AbortController().signal, minColdBytes: 1 }
    let checked = 0
    for await (const one of suite.cases({
      ...context,
      filter: { shapes: [shape], m, formats },
    }) as AsyncIterable<BenchCase>) {
      expect('check' in one).toBe(true)
      await one.check?.()
      checked++
    }
    // The experts are in FP4 only.
    expect(checked).toBeGreaterThanOrEqual(m.length * (suite === experts ? 3 : formats.length))
  })
})

it('a wrong result is told with its error', async () => {
  using device = await createDevice({ backend: 'cpu' })
  const setup = {
    definition: gemvFp4,
    problem: { m: 1, n: 64, k: 128, groupSize: 128 },
    constants: { format: 'fp4' },
  } as const
  const { args } = resolveKernel(gemvFp4, setup.problem, setup.constants)
  using out = device.createBuffer({ data: new Float32Array(64).fill(1) })
  await expect(
    checkAgainstOracle({ ...setup, m: 1, n: 64, k: 128 }, args, out, () => Promise.resolve()),
  ).rejects.toThrow(/^\[gemv_fp4\] expected a normalized mean squared error of at most 0.0005 against its oracle, got /)
})
