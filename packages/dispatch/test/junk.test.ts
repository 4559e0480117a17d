/** Whatever is passed for a product, it is refused in words or computed right: through kernels and the native boundary. */
import { dequantize } from '@metal-fp4/fp4-quant'
import { createDevice } from '@metal-fp4/metal-core'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type DenseWeights,
  type Fp4Weights,
  explain,
  legalCandidates,
  matmul,
  profileOf,
  recordExperts,
  recordMatmul,
  libraryFor,
  scratchFor,
  selectKernel,
  uploadDense,
  uploadFp4,
} from '../src/index.js'
import { denseWeightsFrom, fp4WeightsFrom } from '../src/weights-from.js'
import { normal, product, tensor } from './support.js'

const numRuns = process.env.METAL_FP4_DEEP === '1' ? 100_000 : 3000
const device = await createDevice({ backend: 'cpu' })
const library = await libraryFor(device)
const other = await createDevice({ backend: 'cpu', threads: 1 })
const gone = device.createBuffer({ byteLength: 4096 })
gone.dispose()
afterAll(() => {
  device.dispose()
  other.dispose()
})

const [n, k] = [70, 48]
const shapes = await Promise.all(
  (['fp4', 'mxfp4', 'nvfp4'] as const).map(async (format) => {
    const quantized = tensor({ n, k, format, ...(format === 'fp4' ? { groupSize: 16 } : {}) })
    return { weights: await uploadFp4(device, quantized), values: dequantize(quantized) }
  }),
)
const dense = normal(n * k, 3)
const matrices: readonly { readonly weights: Fp4Weights | DenseWeights; readonly values: Float32Array }[] = [
  ...shapes,
  { weights: await uploadDense(device, { n, k, type: 'f32', values: dense }), values: dense },
]
const foreign = other.createBuffer({ byteLength: 1 << 16 })
const buffer = device.createBuffer({ byteLength: 1 << 16 })

const words = [
  'fp4',
  'mxfp4',
  'nvfp4',
  'f32',
  'f16',
  'add',
  'swiglu',
  'none',
  'cpu',
  'metal',
  'kn',
  'columns64',
  '',
  '\0',
]
const kernels = ['gemv_fp4', 'gemm_fp4', 'gemv_dense', 'decode_gemv_fp4_wide', 'marlin_gemm_fp4', 'argmax', 'toString']
const numbers = [0, -0, 1, 2, 7, 8, 9, 64, 65, -1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, NaN, Infinity]
const junk = fc.oneof(
  fc.constantFrom<unknown>(...words, ...kernels, ...numbers, null, undefined, true, 1n, buffer, foreign, gone, device),
  fc.constantFrom<unknown>(new Float32Array(k), new Float32Array(0), new Uint8Array(k), [], {}, buffer.view(4, 64)),
  fc.anything({ withTypedArray: true, withBigInt: true }),
)

/** An object whose fields are what they should be, but for one or two. */
function nearly(good: Readonly<Record<string, unknown>>): fc.Arbitrary<Record<string, unknown>> {
  const change = fc.tuple(
    fc.constantFrom(...Object.keys(good), 'kernel', 'splits', 'epilogue', 'scratch', 'label'),
    junk,
  )
  return fc.array(change, { maxLength: 2 }).map((changes) => ({ ...good, ...Object.fromEntries(changes) }))
}

const one = matrices[0].weights as Fp4Weights
const problem = nearly({ m: 1, n, k, format: 'fp4', groupSize: 16 })
const profile = nearly({ ...profileOf(device.info) })
const views = nearly({ format: 'fp4', n, k, groupSize: 16, codes: one.codes, scales: one.scales, columnScales: null })
const weights = fc.oneof(fc.constantFrom(...matrices.map(({ weights }) => weights)), nearly({ ...one }), junk)
const spec = nearly({ m: 1, activations: buffer.view(0, 4 * k), weights: one, out: buffer.view(4096, 4 * n) })
const expertSpec = nearly({
  ...{ m: 1, choices: 1, activations: buffer.view(0, 4 * k), weights: one, out: buffer.view(4096, 4 * n) },
  ...{ experts: buffer.view(8192, 4), ids: buffer.view(8192, 4), topK: 1 },
})

const pure: fc.Arbitrary<() => unknown> = fc.oneof(
  fc.tuple(problem, profile).map(
    ([a, b]) =>
      () =>
        selectKernel(a as never, b as never),
  ),
  fc.tuple(problem, profile, nearly({})).map(
    ([a, b, c]) =>
      () =>
        explain(a as never, b as never, c),
  ),
  fc.tuple(problem, profile).map(
    ([a, b]) =>
      () =>
        scratchFor(a as never, b as never),
  ),
  fc.tuple(problem, junk).map(
    ([a, b]) =>
      () =>
        legalCandidates(a as never, b as never),
  ),
)
const onDevice: fc.Arbitrary<() => unknown> = fc.oneof(
  views.map((views) => () => fp4WeightsFrom(views as never)),
  views.map((views) => () => denseWeightsFrom({ ...views, type: views.format, weights: views.codes } as never)),
  spec.map((spec) => async () => {
    using graph = device.createGraph()
    recordMatmul(graph, library, spec as never)
    await graph.submit({ steps: 2 }).completed
  }),
  expertSpec.map((spec) => () => {
    using graph = device.createGraph()
    recordExperts(graph, library, spec as never)
  }),
  fc.tuple(junk, weights, nearly({ m: 1 })).map(
    ([x, w, options]) =>
      () =>
        matmul(device, x as never, w as never, options),
  ),
  fc.tuple(weights, nearly({ m: 1 })).map(
    ([w, o]) =>
      () =>
        matmul(device, buffer.view(0, 4 * k), w as never, o),
  ),
  fc.tuple(junk, nearly({})).map(
    ([q, o]) =>
      () =>
        uploadFp4(device, q as never, o),
  ),
  nearly({ n, k, type: 'f16', values: dense }).map(
    (d) => async () => (await uploadDense(device, d as never)).dispose(),
  ),
)

describe('junk', () => {
  it('is refused in words', { timeout: 3_600_000 }, async () => {
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fc.oneof(pure, onDevice), async (call) => {
        try {
          await call()
        } catch (error) {
          refused++
          expect(error).toBeInstanceOf(Error)
          const { message, name } = error as Error
          expect(message.length).toBeLessThan(2000)
          // What is not even an object is JavaScript's own to refuse.
          if (name !== 'TypeError') expect(message).toMatch(/^\[/)
        }
      }),
      { numRuns },
    )
    expect(refused).toBeGreaterThan(numRuns / 4)
  })

  it('of the right kinds gives the right product', { timeout: 3_600_000 }, async () => {
    const rows = fc.integer({ min: 1, max: 12 })
    const kernel = fc.constantFrom(undefined, 'gemv_fp4' as const, 'gemm_fp4' as const, 'gemv_dense' as const)
    await fc.assert(
      fc.asyncProperty(fc.nat(matrices.length - 1), rows, kernel, fc.integer(), async (which, m, kernel, seed) => {
        const { weights, values } = matrices[which]
        const exact = seed % 2 === 0
        const x = normal(m * k, seed >>> 0)
        let y: Float32Array
        try {
          y = await matmul(device, x, weights, { ...(kernel && { kernel }), ...(exact && { precision: 'float32' }) })
        } catch (error) {
          expect((error as Error).message).toMatch(/^\[.*\] expected .*, got /)
          return
        }
        const expected = product(x, values, m, n, k)
        expect(y.length).toBe(expected.length)
        const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(y[i] - value)), 0)
        // Activations in bytes are off by up to 1/254 of the largest of their block; a sum of many by less.
        const rms = Math.hypot(...expected) / Math.sqrt(expected.length)
        expect(worst).toBeLessThan(exact ? 1e-3 : 0.05 * rms) // NaN is not
      }),
      { numRuns: Math.ceil(numRuns / 30) },
    )
  })
})
