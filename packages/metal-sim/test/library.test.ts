import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Dispatch, type Simulator, compile, createSimulator } from '../src/index.js'
import { halfBits } from '../src/cli/half.js'
import { withClang } from './support/clang.js'

const source = readFileSync(new URL('metal/library.metal', import.meta.url), 'utf8')
const roundEven = (x: number): number => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x))
const lanes = Array.from({ length: 32 }, (_, lane) => lane)
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

withClang('standard library', () => {
  let simulator: Simulator
  beforeAll(async () => {
    simulator = await createSimulator({ seed: 3 })
    await simulator.load(await compile(source, { name: 'library.metal' }))
  }, 60_000)
  afterAll(() => simulator.dispose())

  const run = async (
    kernel: string,
    threads: number,
    buffers: Dispatch['buffers'] & {},
    threadgroup = threads,
  ): Promise<void> => {
    const { reports } = await simulator.run({ kernel, threads, threadgroup, buffers })
    expect(reports).toEqual([])
  }

  it('functions of one float are within an ulp of the exact value', async () => {
    const x = Float32Array.of(0.1, -0.5, 1, 2.5, -3.75, 7, -1e-3, 30)
    const out = new Float32Array(18 * x.length)
    await run('unary', x.length, [x, out])
    const exact: ((x: number) => number)[] = [
      Math.exp,
      Math.sin,
      Math.cos,
      Math.tanh,
      Math.atan,
      (v) => 2 ** v,
      (v) => Math.log(Math.abs(v)),
      (v) => Math.sqrt(Math.abs(v)),
      (v) => 1 / Math.sqrt(Math.abs(v)),
      Math.floor,
      Math.ceil,
      (v) => Math.sign(v) * Math.round(Math.abs(v)),
      roundEven,
      Math.trunc,
      (v) => v - Math.floor(v),
      Math.sign,
      (v) => Math.min(Math.max(v, 0), 1),
      (v) => Math.log2(Math.abs(v)),
    ]
    for (const [row, f] of exact.entries())
      for (const [i, v] of x.entries()) {
        const expected = f(v)
        const got = out[row * x.length + i] ?? Number.NaN
        expect(Math.abs(got - expected), `function ${String(row)} of ${String(v)}`).toBeLessThanOrEqual(
          Math.max(Math.abs(expected) * 2 ** -23, 1e-38),
        )
      }
  })

  it('other functions of floats', async () => {
    const out = new Float32Array(16)
    await run('floats', 1, [out])
    const e = 2.71875
    expect([...out]).toEqual([
      2 ** -11 + 2 ** -24,
      2,
      0.5,
      8,
      1,
      1.5,
      7,
      2,
      1,
      11,
      2.75,
      79,
      25,
      1027,
      e + 65504 + Infinity,
      8,
    ])
  })

  it('functions of integers', async () => {
    const out = new Uint32Array(12)
    await run('integers', 1, [out])
    expect([...out]).toEqual([
      8 + 31 + 3 + 15 + 32,
      0x80000000,
      3 + 0xffffffff - 2 ** 32,
      0x18,
      0xbc + 0xffffffff - 2 ** 32,
      0xf00f,
      0xffffffff,
      2147483647 + 8,
      7 + 8 * 16 + 16 * 256,
      3 + 5,
      0x04030201,
      9,
    ])
  })

  it('operations of a simdgroup', async () => {
    const out = new Uint32Array(16 * 64)
    await run('simd', 64, [out], 64)
    const up = lanes.map((lane) => lane + 1)
    const rows: ((lane: number) => number)[] = [
      () => sum(up),
      () => 32 + 1000,
      (lane) => sum(up.slice(0, lane + 1)),
      (lane) => sum(up.slice(0, lane)),
      () => 6,
      (lane) => (lane ^ 3) + 1,
      (lane) => (lane < 28 ? lane + 5 : lane + 1),
      (lane) => (lane < 4 ? lane + 1 : lane - 3),
      () => 1 + 3200,
      () => 0x55555555,
      (lane) => sum(up.slice(lane - (lane % 4), lane - (lane % 4) + 4)),
      (lane) => (lane < 28 ? lane + 5 : lane - 28 + 101),
      () => 64 + 63 + up.reduce((a, b) => a ^ b),
      (lane) => (lane < 10 ? 55 + (lane === 0 ? 1000 : 0) : 22),
      () => 3,
      () => sum(up) + 30000,
    ]
    for (const [row, f] of rows.entries())
      for (const group of [0, 32])
        expect([...out.subarray(row * 64 + group, row * 64 + group + 32)], `row ${String(row)}`).toEqual(lanes.map(f))
  })

  it('simdgroup matrices hold what Apple GPUs hold in each lane', async () => {
    const values = Array.from({ length: 64 }, (_, i) => ((i * 37) % 17) - 8)
    const a = Uint16Array.from(values, halfBits)
    const b = Float32Array.from(values, (v) => v * 0.5)
    const c = Float32Array.from(values, (v) => v + 1)
    const elements = new Float32Array(64)
    const expected = Array.from({ length: 64 }, (_, i) => {
      const row = i >> 3
      const column = i & 7
      // a is read transposed.
      return (c[i] ?? 0) + sum(lanes.slice(0, 8).map((k) => (values[k * 8 + row] ?? 0) * (b[k * 8 + column] ?? 0)))
    })
    await run('matrices', 32, [a, b, c, elements])
    expect([...c]).toEqual(expected)
    expect([...elements]).toEqual(expected)
  })

  it('atomics', async () => {
    const count = new Uint32Array(1)
    const low = new Int32Array(1)
    const total = new Float32Array(1)
    const out = new Uint32Array(4)
    await run('atomics', 100, [count, low, total, out], 32)
    expect([count[0], low[0], total[0], ...out]).toEqual([100, -99, 50, 32, 32, 32, 4])
  })

  it('operations of quads, and normalized integers', async () => {
    const out = new Float32Array(6)
    const words = new Uint32Array(34)
    await run('packing', 32, [out, words])
    expect([...words.subarray(0, 32)]).toEqual(
      lanes.map((lane) => (lane - (lane % 4) + (lane % 4 === 0 ? 100 : 0)) * 16 + 12),
    )
    expect([words[32], words[33]]).toEqual([0xff80ff00, 0x7fff8001])
    expect([...out]).toEqual([Math.fround(0.2), 1, 1, -1, -1, 0.25])
  })

  it('packed vectors, matrices and arrays', async () => {
    const out = new Float32Array(6)
    const p = Float32Array.of(1, 2, 3, 0, 0, 0)
    const m = Float32Array.from({ length: 16 }, (_, i) => i)
    await run('shapes', 1, [out, p, { bytes: m }])
    const column = (c: number, r: number): number => m[c * 4 + r] ?? 0
    const v = sum([0, 1, 2, 3].map((c) => column(c, 1) * (c + 1)))
    const product = sum([0, 1, 2, 3].map((k) => column(1, k) * column(2, k)))
    expect([...out]).toEqual([6 + 2, v, product, 8, 3 - 2, 172])
    expect([...p]).toEqual([2, 3, 4, 2, 4, 6])
  })
})
