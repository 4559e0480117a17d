/** Cases of the benchmark are the cases of a correctness test: what is timed is compared with the oracle, over shapes named for their edges. */
import type { BenchCase } from '@metal-fp4/bench'
import { createDevice } from '@metal-fp4/metal-core'
import { describe, expect, it } from 'vitest'
import { argumentArray } from '../bench/arrays.js'
import { checkAgainstOracle } from '../bench/check.js'
import { experts, gemm, gemv } from '../bench/index.js'
import { gemvFp4, resolveKernel } from '../src/index.js'
import { gemvFp4 as gemvFp4Oracle } from '../src/oracles/gemv_fp4.js'

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

/** What is written instead of the product, in the order of its columns; undefined leaves a column as it was. */
it.each<[string, (right: number, column: number) => number | undefined]>([
  ['all ones', () => 1],
  ['nothing', () => undefined],
  ['all but the last column', (right, column) => (column < 63 ? right : undefined)],
  ['a zero in the last column', (right, column) => (column < 63 ? right : 0)],
  ['a last column that is off by a thousandth', (right, column) => (column < 63 ? right : 1.001 * right)],
  ['values of half precision', (right) => Math.fround(right * (1 + 2 ** -11))],
])('a wrong result is told with its errors: %s', async (_, write) => {
  using device = await createDevice({ backend: 'cpu' })
  const setup = {
    definition: gemvFp4,
    problem: { m: 1, n: 64, k: 128, groupSize: 128 },
    constants: { format: 'fp4' },
  } as const
  const { args } = resolveKernel(gemvFp4, setup.problem, setup.constants)
  const [activations, codes, scales] = args.map((argument) => argument.bound && argumentArray(argument))
  const { out: right } = gemvFp4Oracle(setup.problem, setup.constants, { activations, codes, scales } as never)
  using out = device.createBuffer({ data: new Float32Array(64) })
  const checkWritten = (value: typeof write): Promise<void> =>
    checkAgainstOracle({ ...setup, m: 1, n: 64, k: 128 }, args, out, () => {
      const values = out.asFloat32Array()
      for (let i = 0; i < 64; i++) values[i] = value(right[i], i) ?? values[i]
      return Promise.resolve()
    })
  await checkWritten((value) => value)
  await expect(checkWritten(write)).rejects.toThrow(
    /^\[gemv_fp4\] expected a normalized mean squared error of at most 1e-9 against its oracle and no element off by more than 0.0001, got /,
  )
})
