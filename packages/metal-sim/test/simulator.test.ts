import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  MetalCompileError,
  type Program,
  SimulationError,
  type Simulator,
  ToolchainError,
  barrier,
  clangAvailable,
  compile,
  createSimulator,
  formatReport,
} from '../src/index.js'
import { withClang } from './support/clang.js'

const source = `#include <metal_stdlib>
using namespace metal;
constant bool shift [[function_constant(3)]];
kernel void twice(device const float* x [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
  out[i] = 2 * x[i + (shift ? 1 : 0)];
}
kernel void reversed(device float* x [[buffer(0)]], threadgroup float* staged [[threadgroup(0)]], uint i [[thread_index_in_threadgroup]],
                     uint n [[threads_per_threadgroup]]) {
  staged[i] = x[i];
  BARRIER;
  x[i] = staged[n - 1 - i];
}
kernel void accumulate(device float* out [[buffer(0)]], device const float* x [[buffer(1)]], device const float* y [[buffer(2)]]) {
  float sum = out[0];
  for (uint k = 0; k < 8; k++) sum = fma(x[k], y[k], sum);
  out[0] = sum + x[0] * y[1];
}
`
const safe = source.replace('BARRIER', 'threadgroup_barrier(mem_flags::mem_threadgroup)')

withClang('simulator', () => {
  let program: Program
  let simulator: Simulator
  beforeAll(async () => {
    program = await compile(safe, { name: 'three.metal' })
    simulator = await createSimulator()
    await simulator.load(program)
  }, 60_000)
  afterAll(() => simulator.dispose())

  it('runs threads and threadgroups, with and without a function constant', async () => {
    const x = Float32Array.of(1, 2, 3, 4)
    const out = new Float32Array(3)
    expect((await simulator.run({ kernel: 'twice', threads: 3, threadgroup: 2, buffers: [x, out] })).reports).toEqual(
      [],
    )
    expect([...out]).toEqual([2, 4, 6])
    await simulator.run({
      kernel: 'twice',
      grid: 3,
      threadgroup: 1,
      buffers: { 0: x, 1: out },
      constants: { shift: true },
    })
    expect([...out]).toEqual([4, 6, 8])
    const from = { buffer: x, offset: 4 }
    await simulator.run({ kernel: 'twice', indirect: Uint32Array.of(3, 1, 1), threadgroup: 1, buffers: [from, out] })
    expect([...out]).toEqual([4, 6, 8])
  })

  it('finds an access out of bounds, and tells where', async () => {
    const buffers = [Float32Array.of(1, 2, 3), new Float32Array(4)]
    const { reports } = await simulator.run({ kernel: 'twice', threads: 4, threadgroup: 4, buffers })
    expect(reports).toMatchObject([
      { kind: 'out-of-bounds', kernel: 'twice', places: [{ role: 'read', file: 'three.metal', line: 5 }] },
    ])
    expect(reports.map(formatReport).join('\n')).toMatch(/^out-of-bounds: .*buffer\(0\)[^]*three\.metal:5:/)
    await expect(
      simulator.run({ kernel: 'twice', threads: 4, threadgroup: 4, buffers, throwOnReports: true }),
    ).rejects.toThrow(SimulationError)
  })

  it('finds a removed barrier', async () => {
    const x = Float32Array.from({ length: 64 }, (_, i) => i)
    const run = { kernel: 'reversed', grid: 1, threadgroup: 64, threadgroupMemory: [256], buffers: [x] }
    expect((await simulator.run(run)).reports).toEqual([])
    expect(x[0]).toBe(63)
    const planted = await compile(source.replace('BARRIER', ''), { name: 'racy.metal' })
    const { reports } = await simulator.run({ ...run, program: planted, seed: 2 })
    const kinds = new Set(reports.map(({ kind }) => kind))
    expect(kinds).toContain('race')
    const race = reports.find(({ kind }) => kind === 'race')
    expect(race?.places.map(({ line }) => line).sort()).toEqual([11, 9].sort())
  })

  it('finds a removed barrier between dispatches', async () => {
    const x = Float32Array.of(1, 2)
    const [first, second] = [new Float32Array(2), new Float32Array(2)]
    const one = { kernel: 'twice', threads: 2, threadgroup: 2, buffers: [x, first] }
    const two = { kernel: 'twice', threads: 2, threadgroup: 2, buffers: [first, second] }
    expect((await simulator.runGraph([one, barrier, two])).reports).toEqual([])
    expect([...second]).toEqual([4, 8])
    expect((await simulator.runGraph([one, two])).reports.map(({ kind }) => kind)).toContain('race')
  })

  it('counts multiply-adds and bytes', async () => {
    const counting = await compile(safe, { name: 'three.metal', mode: 'counting' })
    await using counter = await createSimulator({ mode: 'counting', count: true })
    const x = Float32Array.of(1, 2, 0, 4, 5, 6, 7, 8)
    const out = Float32Array.of(0)
    const { counts } = await counter.run({
      program: counting,
      kernel: 'accumulate',
      grid: 1,
      threadgroup: 1,
      buffers: [out, x, x.slice()],
    })
    expect(counts).toMatchObject([
      { executedMultiplyAdds: 9, usefulMultiplyAdds: 8, uniqueBytesRead: 68, bytesWritten: 4 },
    ])
    expect(out[0]).toBe(1 + 4 + 16 + 25 + 36 + 49 + 64 + 2)
  })

  it('runs fast without checks', async () => {
    const fast = await compile(safe, { name: 'three.metal', mode: 'fast' })
    await using runner = await createSimulator({ mode: 'fast' })
    const out = new Float32Array(2)
    await runner.run({
      program: fast,
      kernel: 'twice',
      threads: 2,
      threadgroup: 2,
      buffers: [Float32Array.of(1, 2), out],
    })
    expect([...out]).toEqual([2, 4])
    await expect(runner.load(program)).rejects.toThrow(/expected a program for the fast mode/)
  })

  it('carries on after what it refuses, and leaves no file behind', async () => {
    const before = shared()
    const buffers = [new Float32Array(2), new Float32Array(2)]
    const at = { threads: 2, threadgroup: 2, buffers }
    await expect(simulator.run({ kernel: 'none', ...at })).rejects.toThrow(
      /expected a kernel of three.metal \(twice, reversed, accumulate\), got 'none'/,
    )
    await expect(
      simulator.run({ kernel: 'twice', threads: 2, threadgroup: 2, buffers: [buffers[0] ?? null] }),
    ).rejects.toThrow(/out|1/)
    await expect(simulator.run({ kernel: 'twice', ...at, constants: { other: 1 } })).rejects.toThrow(
      /function constant of three.metal \(shift\)/,
    )
    await expect(simulator.run({ kernel: 'twice', threadgroup: 2, buffers })).rejects.toThrow(
      /one of grid, threads, indirect/,
    )
    await expect(simulator.run({ kernel: 'twice', threads: 2048, threadgroup: 2048, buffers })).rejects.toThrow(/1024/)
    expect((await simulator.run({ kernel: 'twice', ...at })).reports).toEqual([])
    expect(shared()).toEqual(before)
  })

  it('compiles once for equal sources, also at the same time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'metal-sim-test-'))
    try {
      const options = { name: 'three.metal', cacheDirectory: folder }
      const programs = await Promise.all([1, 2, 3].map(() => compile(safe, options)))
      expect(new Set(programs.map(({ path }) => path)).size).toBe(1)
      expect(readdirSync(join(folder, 'libraries'))).toHaveLength(1)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('throws errors with places', async () => {
    const error = await compile('kernel void k(device float* x [[buffer(0)]]) { x[0] = y; }', {
      name: 'wrong.metal',
    }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(MetalCompileError)
    expect((error as MetalCompileError).message).toMatch(
      /^\[compile\] wrong\.metal: 1 error\nwrong\.metal:1:\d+: error: use of undeclared identifier 'y'/,
    )
  })
})

// Files of this process alone: other tests run at the same time.
const shared = (): string[] => {
  try {
    return readdirSync('/dev/shm').filter((name) => name.startsWith(`metal-sim-${String(process.pid)}-`))
  } catch {
    return []
  }
}

describe('without clang', () => {
  it('says what to install', async () => {
    await expect(compile('', { clang: 'no-such-clang' })).rejects.toThrow(ToolchainError)
    await expect(compile('', { clang: 'no-such-clang' })).rejects.toThrow(/apt-get install clang-19 libclang-rt-19-dev/)
    expect(typeof (await clangAvailable())).toBe('boolean')
  })
})
