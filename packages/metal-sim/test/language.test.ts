import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Dispatch, type Program, type RunResult, type Simulator, compile, createSimulator } from '../src/index.js'
import { halfBits } from '../src/cli/half.js'
import { withClang } from './support/clang.js'

const source = readFileSync(new URL('metal/language.metal', import.meta.url), 'utf8')

withClang('language', () => {
  let program: Program
  let simulator: Simulator
  beforeAll(async () => {
    simulator = await createSimulator({ seed: 7 })
    program = await compile(source, { name: 'language.metal' })
    await simulator.load(program)
  }, 60_000)
  afterAll(() => simulator.dispose())

  const run = async (
    kernel: string,
    rest: Partial<Dispatch> & { buffers: Dispatch['buffers'] & {} },
  ): Promise<RunResult> => {
    const result = await simulator.run({ kernel, grid: 1, threadgroup: 1, ...rest })
    expect(result.reports).toEqual([])
    return result
  }

  it('lists kernels, parameters and constants', () => {
    expect(program.kernels.map(({ name }) => name)).toEqual([
      'constructors',
      'literals',
      'narrow',
      'structs',
      'specialized',
      'generic_float',
      'generic_int',
      'implicit',
      'mixed',
    ])
    expect(program.constants).toEqual([
      { name: 'flag', type: 'uint', index: 0 },
      { name: 'scale', type: 'float', index: 1 },
    ])
    expect(program.kernels[4]?.parameters[1]).toEqual({
      name: 'extra',
      type: 'device const float*',
      kind: 'buffer',
      index: 1,
      condition: 'has_extra',
    })
  })

  it('builds, converts and swizzles vectors', async () => {
    const out = new Float32Array(32)
    await run('constructors', { buffers: [out] })
    expect([...out]).toEqual(
      [
        [1, 2, 3, 4],
        [1, 2, 3, 0],
        [0.5, 1, 1.5, 2],
        [0, 0, 1, 1],
        [2, 4, 6, 8],
        [2, 1, 3, 2],
        [0, 1, 1, 1],
        [1, 2, 3, 7],
      ].flat(),
    )
  })

  it('reads literals without a suffix as float', async () => {
    const out = new Float32Array(6)
    await run('literals', { buffers: [out] })
    expect([...out]).toEqual([1, 4, 2, 1.75, 1, 1])
  })

  it('rounds half and bfloat after each operation', async () => {
    const out = new Float32Array(4)
    const halves = Uint16Array.from([1.0009765625, 1.0009765625, -1.001953125], halfBits)
    await run('narrow', { buffers: [out, halves, Uint16Array.of(0x3f80, 0x3f81)] })
    // (1 + 2^-10)^2 = 1 + 2^-9 + 2^-20: the last part is lost before the sum.
    expect([...out]).toEqual([0, 1, 1.0009765625, 1.0078125])
  })

  it('copies structs between address spaces', async () => {
    const bytes = new ArrayBuffer(24)
    const floats = new Float32Array(bytes)
    const ints = new Int32Array(bytes)
    floats[0] = 1
    ints.set([10, 20], 1)
    floats[3] = 2
    ints.set([30, 40], 4)
    const one = new ArrayBuffer(12)
    new Float32Array(one)[0] = 0.5
    new Int32Array(one).set([7, 9], 1)
    const out = new Float32Array(2)
    await run('structs', { threadgroup: 2, buffers: [ints, { bytes: new Uint8Array(one) }, out] })
    expect([...out]).toEqual([18 + 39 + 0.5, 39 + 18 + 0.5])
    expect([floats[0], ints[1], ints[2]]).toEqual([2, 30, 7])
  })

  it('specializes by function constants and what is derived from them', async () => {
    const out = new Float32Array(4)
    await run('specialized', { buffers: [out, Float32Array.of(9)], constants: { flag: 2, scale: 1.5 } })
    expect([...out]).toEqual([3, 1, 9, 4])
    const other = new Float32Array(4)
    await run('specialized', { buffers: [other], constants: { 0: 0 } })
    expect([...other]).toEqual([0, 0, 0, 1])
  })

  it('instantiates templates by host name', async () => {
    const floats = new Float32Array(4)
    await run('generic_float', {
      threads: 5,
      grid: undefined,
      threadgroup: 5,
      buffers: [floats, { bytes: Uint32Array.of(3) }],
    } as never)
    expect([...floats]).toEqual([7.5, 7.5, 7.5, 7.5])
    const ints = new Int32Array(2)
    await run('generic_int', {
      threads: 2,
      grid: undefined,
      threadgroup: 2,
      buffers: [ints, { bytes: Uint32Array.of(3) }],
    } as never)
    expect([...ints]).toEqual([4, 4])
  })

  it('mixes address spaces where values are copied', async () => {
    const p = Float32Array.of(1, 2, 3, 4)
    const out = new Float32Array(8)
    await run('mixed', { buffers: [p, out] })
    expect([...out]).toEqual([4, 4, 4, 6, 6, -3, 3, 3])
    expect([...p]).toEqual([1, 2, 3, 5])
  })

  it('gives indices to arguments without, and built-ins in the sizes asked for', async () => {
    const out = new Float32Array(8)
    await run('implicit', { grid: 2, threadgroup: [2, 2], buffers: [{ bytes: Float32Array.of(1, 2) }, out] })
    expect([...out]).toEqual([3, 13, 103, 113, 3, 13, 103, 113])
  })
})
