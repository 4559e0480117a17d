/** WebAssembly against TypeScript: the same bits for anything, and TypeScript alone where WebAssembly may not run. */
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { wasmSource } from '../scripts/compile-wasm.mjs'
import type { Fp4Format, QuantizeOptions, QuantizedTensor, WeightValues } from '../src/index.js'
import { float32ToBfloat16Array, float32ToHalfArray } from '../src/index.js'
import type { OpenWorker } from '../src/row-worker.js'
import { quantizeStrips } from '../src/strips.js'
import { typescriptWorker } from '../src/typescript-worker.js'
import { openArena } from '../src/wasm/arena.js'
import { wasmWorker } from '../src/wasm/worker.js'
import { normal, studentT4 } from './random.js'

const onlyWasm: OpenWorker = (...args) => {
  const worker = wasmWorker(...args)
  if (!worker) throw new Error('WebAssembly does not run here')
  return worker
}

function run(values: WeightValues, options: QuantizeOptions, open: OpenWorker): QuantizedTensor {
  const strips = quantizeStrips(values, options, open)
  for (;;) {
    const { done, value } = strips.next()
    if (done) return value
  }
}

function expectEqual(actual: QuantizedTensor, expected: QuantizedTensor, message: string): void {
  // Buffers compare faster than typed arrays do.
  for (const name of ['scales', 'packed', 'globalScales'] as const) {
    const [a, b] = [actual[name], expected[name]].map((array) => Buffer.from(array.buffer))
    expect(a.equals(b), `${name} of ${message}`).toBe(true)
  }
}

function expectSame(values: WeightValues, options: QuantizeOptions): void {
  const [actual, expected] = [onlyWasm, typescriptWorker].map((open) => run(values, options, open))
  expectEqual(actual, expected, JSON.stringify(options))
}

const deep = Boolean(process.env.METAL_FP4_DEEP)
const float32Max = 3.4028234663852886e38
const extremes = [
  0,
  -0,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  1e-40,
  float32Max,
  -float32Max,
  2 ** 127,
  65504,
  393024,
  6,
  0.25,
]
/** A midpoint or a multiple of a scale that is a power of two, or next to one. */
const ties = fc
  .tuple(fc.constantFrom(0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6), fc.integer({ min: -2, max: 2 }))
  .map(([multiple, ulps]) => multiple * (1 + ulps * 2 ** -23))
const bits = new DataView(new ArrayBuffer(4))
const anyFloat = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((word) => {
  bits.setInt32(0, word)
  const value = bits.getFloat32(0)
  return Number.isFinite(value) ? value : 1
})

const element: Record<string, fc.Arbitrary<number>> = {
  ordinary: fc.double({ min: -3, max: 3, noNaN: true }),
  tiny: fc.double({ min: -1e-4, max: 1e-4, noNaN: true }),
  ties: fc.tuple(ties, fc.boolean()).map(([x, negative]) => (negative ? -x : x)),
  integers: fc.integer({ min: -12, max: 12 }),
  any: anyFloat,
  extreme: fc.oneof(fc.constantFrom(...extremes), anyFloat),
  sparse: fc.oneof({ weight: 15, arbitrary: fc.constantFrom(0, -0) }, { weight: 1, arbitrary: anyFloat }),
  outliers: fc.oneof(
    { weight: 15, arbitrary: fc.double({ min: -1, max: 1, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: -1e4, max: 1e4, noNaN: true }) },
  ),
}

const cases = fc
  .record({
    format: fc.constantFrom<Fp4Format>('fp4', 'mxfp4', 'nvfp4'),
    scales: fc.constantFrom('absmax' as const, 'mse' as const),
    type: fc.constantFrom('float32', 'half', 'bfloat16'),
    experts: fc.integer({ min: 1, max: 3 }),
    parts: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 3 }),
    k: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(128, 200, 256, 300)),
    group: fc.oneof(fc.integer({ min: 16, max: 140 }), fc.constantFrom(16, 32, 64, 128)),
    kind: fc.constantFrom(...Object.keys(element)),
    // Scales of every magnitude, so that the rounding of scales meets each of its cases.
    magnitude: fc.oneof(fc.constant(0), fc.integer({ min: -140, max: 120 })),
    stride: fc.integer({ min: 1, max: 1000 }),
  })
  .chain((c) => fc.array(element[c.kind], { minLength: 50, maxLength: 250 }).map((pool) => ({ ...c, pool })))
  .map(({ format, scales, type, experts, parts, k, group, magnitude, stride, pool }) => {
    const n = parts.reduce((sum, size) => sum + size, 0)
    const values = Float32Array.from({ length: experts * n * k }, (_, i) => {
      const value = pool[(i * stride + Math.floor(i / pool.length)) % pool.length] * 2 ** magnitude
      return Math.max(-float32Max, Math.min(float32Max, value))
    })
    const groupSize = format === 'fp4' ? group : format === 'mxfp4' ? 32 : 16
    const options: QuantizeOptions = { experts, n, k, format, groupSize, parts, scales }
    if (type === 'half') return { values: { type, bits: float32ToHalfArray(values) } as const, options }
    if (type === 'bfloat16') return { values: { type, bits: float32ToBfloat16Array(values) } as const, options }
    return { values, options }
  })

describe('quantize in WebAssembly', () => {
  it(
    'gives the bits of the TypeScript code: formats, rules, groups, parts, experts, types, extremes',
    () => {
      fc.assert(
        fc.property(cases, ({ values, options }) => expectSame(values, options)),
        { numRuns: deep ? 20_000 : 1000, seed: 11 },
      )
    },
    deep ? 600_000 : 60_000,
  )

  const many = { n: 96, k: 2048 }
  const count = many.n * many.k
  it.each([
    ['N(0, 1)', normal(count, 31)],
    ['t(4), small', studentT4(count, 32).map((x) => x * 0.02)],
    ['bfloat16 values', normal(count, 33).map((x) => Math.round(x * 256) / 256)],
  ])('chooses the same scales in many groups of %s', (_, values) => {
    for (const groupSize of [16, 32, 64, 128, 2048])
      expectSame(values, { ...many, format: 'fp4', groupSize, scales: 'mse' })
    for (const format of ['mxfp4', 'nvfp4'] as const) expectSame(values, { ...many, format, scales: 'mse' })
  })
  it('chooses the same scales at the ends of their ranges', () => {
    const values = normal(64 * 128, 41)
    for (const powers of [...Array(40).keys()].map((i) => i - 20)) {
      expectSame(
        values.map((x) => x * 2 ** powers),
        { n: 64, k: 128, format: 'fp4', groupSize: 16, scales: 'mse' },
      )
    }
    // Groups down to 2^-31 of the largest value, which the global scale follows.
    const spread = values.map((x, i) => x * 2 ** -(Math.floor(i / 16) % 32))
    for (const scales of ['absmax', 'mse'] as const) expectSame(spread, { n: 64, k: 128, format: 'nvfp4', scales })
  })
  it('leaves ties of rule mse to the TypeScript code', () => {
    // Two scales of mxfp4 with the same error: x = 5 lies 1 from 4 and from 6 (scale 1), and 1 from 4 and 6 at scale 2.
    const values = new Float32Array(64).fill(5)
    values[32] = -3.5
    for (const format of ['fp4', 'mxfp4', 'nvfp4'] as const) expectSame(values, { n: 2, k: 32, format, scales: 'mse' })
  })
  it('takes a group of any size as the row', () => {
    const values = normal(20 * 64, 42)
    for (const groupSize of [65, 2 ** 31, 2 ** 32, 2 ** 32 + 16, 2 ** 33, Number.MAX_SAFE_INTEGER]) {
      for (const scales of ['absmax', 'mse'] as const) {
        expectSame(values, { n: 20, k: 64, format: 'fp4', groupSize, scales })
      }
    }
  })
  it('reads every half and every bfloat16', () => {
    for (const type of ['half', 'bfloat16'] as const) {
      const infinity = type === 'half' ? 0x7c00 : 0x7f80
      const finite = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((code) => (code & 0x7fff) < infinity)
      const options: QuantizeOptions = { n: finite.length / 32, k: 32, format: 'mxfp4' }
      expectSame({ type, bits: finite }, options)
      expectSame({ type, bits: finite }, { ...options, format: 'fp4', scales: 'mse' })
      for (const bad of [infinity, infinity + 1, 0x7fff, 0x8000 + infinity, 0xffff]) {
        const one = new Uint16Array(40)
        one[37] = bad
        for (const format of ['mxfp4', 'nvfp4'] as const) {
          const attempt = (open: OpenWorker) => (): unknown => run({ type, bits: one }, { n: 1, k: 40, format }, open)
          expect(attempt(onlyWasm)).toThrow(
            /\[quantize\] expected finite values, got .* at index 37 \(row 0, column 37/,
          )
          expect(attempt(typescriptWorker)).toThrow(/at index 37 /)
        }
      }
    }
  })
  it('reads float32 at any place of any buffer', () => {
    const buffer = new SharedArrayBuffer(4 * 1003)
    const values = new Float32Array(buffer, 12, 1000)
    values.set(normal(1000, 3))
    expectSame(values, { n: 10, k: 100, format: 'fp4', groupSize: 30 })
  })
})

describe('the memory of the module', () => {
  it('is shared by tensors whose steps take turns, while it grows', () => {
    const shapes = [
      { n: 40, k: 48, format: 'fp4', groupSize: 20, scales: 'mse' },
      { n: 33, k: 9000, format: 'nvfp4' },
      { n: 20, k: 30_001, format: 'fp4', groupSize: 30_001, scales: 'mse' },
      { n: 17, k: 70_000, format: 'mxfp4' }, // an instance of its own
    ] as const
    const inputs = shapes.map(({ n, k }, i) => normal(n * k, 50 + i))
    const expected = shapes.map((options, i) => run(inputs[i], options, typescriptWorker))
    const running = shapes.map((options, i) => quantizeStrips(inputs[i], options, onlyWasm))
    const unfinished = new Set(running.keys())
    while (unfinished.size > 0) {
      for (const i of unfinished) {
        const { done, value } = running[i].next()
        if (!done) continue
        unfinished.delete(i)
        expectEqual(value, expected[i], JSON.stringify(shapes[i]))
      }
    }
  })
  it('is bounded: longer rows are not for it', () => {
    expect(openArena(1 << 26)?.views.u16.length).toBe(1 << 25)
    expect(openArena((1 << 26) + 1)).toBeUndefined()
  })
})

describe('where WebAssembly may not run', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.resetModules()
  })
  const values = normal(64 * 256, 9)
  function refuse(): never {
    throw new Error('Refused to compile or instantiate WebAssembly module')
  }
  it.each([
    ['no WebAssembly', { WebAssembly: undefined }],
    ['a content policy without wasm-unsafe-eval', { WebAssembly: { ...WebAssembly, Module: refuse } }],
    ['no room for a memory', { WebAssembly: { Module: WebAssembly.Module, Instance: refuse } }],
    ['no atob', { atob: undefined }],
  ])('%s: TypeScript does it', async (_, globals) => {
    vi.resetModules()
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value)
    const [{ quantize }, worker] = await Promise.all([import('../src/index.js'), import('../src/wasm/worker.js')])
    for (const format of ['fp4', 'mxfp4', 'nvfp4'] as const) {
      const options: QuantizeOptions = { n: 64, k: 256, format, scales: 'mse' }
      const tensor = quantize(values, options)
      expect(worker.wasmWorker(values, tensor, 'mse')).toBeUndefined()
      expectEqual(tensor, run(values, options, typescriptWorker), format)
    }
  })
})

describe('src/wasm/binary.ts', () => {
  it('is what the compiler makes of assembly/', async () => {
    const file = new URL('../src/wasm/binary.ts', import.meta.url)
    expect(await wasmSource(), 'Run: node scripts/compile-wasm.mjs').toBe(readFileSync(file, 'utf8'))
  })
})
