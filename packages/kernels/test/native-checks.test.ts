/** What a caller who does not go through `encode` is told: the checks that the generator wrote in C++. */
import { type Binding, type Device, type KernelLibrary, createDevice } from '@metal-fp4/metal-core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeParameters } from '../src/encode.js'
import { attentionCombine, gemvFp4, manifest } from '../src/index.js'
import { gridFor, resolveKernel } from '../src/manifest/resolve.js'
import { testLibraryFor } from './support/library.js'

let device: Device
let library: KernelLibrary

beforeAll(async () => {
  device = await createDevice({ backend: 'cpu', threads: 1 })
  library = await device.loadLibrary(testLibraryFor(device.info))
})
afterAll(() => {
  device.dispose()
})

interface Raw {
  readonly problem?: Partial<Record<'m' | 'n' | 'k' | 'groupSize', number>>
  readonly constants?: Record<string, number>
  readonly bytes?: Record<string, number | null>
  readonly grid?: [number, number, number]
}

/** Records gemv_fp4 with the given bytes for each argument, unchecked by TypeScript. */
function dispatch({ problem, constants, bytes, grid = [2, 1, 1] }: Raw): void {
  const sizes: Record<string, number | null> = {
    activations: 800,
    codes: 4 * 128 * 13,
    scales: 2 * 128 * 4,
    columnScales: null,
    residual: null,
    out: 560,
    ...bytes,
  }
  const buffers = gemvFp4.args.map(({ name }) => {
    const byteLength = sizes[name]
    return byteLength === null ? null : device.createBuffer({ byteLength })
  })
  const parameters = encodeParameters(gemvFp4, { m: 2, n: 70, k: 100, groupSize: 32, ...problem })
  device.createGraph().dispatch(library.kernel('gemv_fp4', constants), { grid, buffers: [...buffers, ...parameters] })
}

test('the library has the kernels of the manifest, with their arguments', () => {
  expect(library.kernels).toEqual(manifest.map(({ name }) => name))
  for (const { name, args, params, problem, constants } of manifest) {
    const kernel = library.kernel(name)
    const values = params === 'struct' ? ['params'] : Object.keys(problem)
    expect(kernel.arguments.map((argument) => argument.name)).toEqual([
      ...args.map((argument) => argument.name),
      ...values,
    ])
    expect(Object.keys(kernel.constants)).toEqual(Object.keys(constants))
    for (const [i, argument] of args.entries()) {
      expect(kernel.arguments[i].access).toBe(argument.access)
      expect(kernel.arguments[i].optional).toBe(argument.when !== undefined)
      if (argument.alignment === '16') expect(kernel.arguments[i].alignment).toBe(16)
    }
  }
})

describe('a dispatch that fits is recorded, one that does not is refused', () => {
  test('fits', () => {
    dispatch({})
    dispatch({ constants: { format: 2, epilogue: 1 }, bytes: { scales: 512, columnScales: 512, residual: 560 } })
  })

  test.each<[string, Raw, string]>([
    [
      'codes too small',
      { bytes: { codes: 6655 } },
      '[gemv_fp4] expected codes of at least 6656 bytes, got 6655 bytes.',
    ],
    ['half scales', { bytes: { scales: 1022 } }, 'expected scales of at least 1024 bytes, got 1022 bytes.'],
    ['out too small', { bytes: { out: 556 } }, 'expected out of at least 560 bytes, got 556 bytes.'],
    ['no column scales', { constants: { format: 2 } }, 'expected columnScales of at least 512 bytes, got null.'],
    ['no residual', { constants: { epilogue: 1 } }, 'expected residual of at least 560 bytes, got null.'],
    ['a residual that is not used', { bytes: { residual: 560 } }, 'expected residual to be unbound, got a buffer.'],
    [
      'twice the codes for swiglu',
      { constants: { epilogue: 2 } },
      'expected codes of at least 13312 bytes, got 6656 bytes.',
    ],
    [
      'an illegal m',
      { problem: { m: 9 } },
      'expected m from 1 to 8 (larger M: gemm_fp4), got m = 9, n = 70, k = 100, groupSize = 32.',
    ],
    ['a group of 0', { problem: { groupSize: 0 } }, 'expected groupSize of 16 or more in steps of 8, or of at least k'],
    ['another grid', { grid: [3, 1, 1] }, 'expected grid [2, 1, 1], got [3, 1, 1].'],
  ])('%s', (_, raw, message) => {
    expect(() => {
      dispatch(raw)
    }).toThrow(message)
  })
})

test('an output in the bytes of an input is refused, one that is the residual is not', () => {
  const [shared, codes, scales] = [4096, 4 * 128 * 13, 2 * 128 * 4].map((byteLength) =>
    device.createBuffer({ byteLength }),
  )
  const parameters = encodeParameters(gemvFp4, { m: 2, n: 70, k: 100, groupSize: 32 })
  const add = { epilogue: 1 }
  const record = (activations: Binding, residual: Binding, out: Binding): void => {
    const buffers = [activations, codes, scales, null, residual, out, ...parameters]
    device.createGraph().dispatch(library.kernel('gemv_fp4', add), { grid: [2, 1, 1], buffers })
  }
  const other = device.createBuffer({ byteLength: 4096 })
  record(other, shared, shared)
  for (const [activations, residual, out] of [
    [shared, other, shared],
    [other, shared.view(0, 560), shared.view(64, 560)],
  ]) {
    expect(() => {
      record(activations, residual, out)
    }).toThrow(/^\[gemv_fp4\] .*\bout\b/)
  }
})

test('sizes beyond 2^53 are refused, not wrapped', () => {
  const largest = 0xffffffff
  const problem = { m: largest, heads: 1, headDim: 1, splitLength: 1, splits: largest }
  const bound = [1, 2, 3].map(() => device.createBuffer({ byteLength: 64 }))
  const buffers = [...bound, ...encodeParameters(attentionCombine, problem)]
  expect(() => {
    device.createGraph().dispatch(library.kernel('attention_combine'), { grid: [1, largest, 1], buffers })
  }).toThrow('[attention_combine] expected a problem with partials below 2^53, got a larger one')
})

test('for any problem, native code accepts the sizes that TypeScript computes, and no smaller ones', () => {
  const size = fc.integer({ min: 0, max: 70 })
  const problems = fc.record({
    m: fc.integer({ min: 0, max: 9 }),
    n: size,
    k: size,
    groupSize: fc.integer({ min: 0, max: 40 }),
  })
  const formats = fc.constantFrom('fp4', 'mxfp4', 'nvfp4')
  const epilogues = fc.constantFrom('none', 'add', 'swiglu')
  fc.assert(
    fc.property(problems, formats, epilogues, fc.nat(5), (problem, format, epilogue, shrunk) => {
      const constants = { format, epilogue }
      const indices = {
        format: ['fp4', 'mxfp4', 'nvfp4'].indexOf(format),
        epilogue: ['none', 'add', 'swiglu'].indexOf(epilogue),
      }
      let bytes: Record<string, number | null>
      let grid: [number, number, number]
      try {
        const { args } = resolveKernel(gemvFp4, problem, constants)
        grid = gridFor(gemvFp4, 'cpu', problem, constants)
        bytes = Object.fromEntries(
          args.map(({ definition, bound, bytes: needed }) => [definition.name, bound ? needed : null]),
        )
      } catch {
        expect(() => {
          dispatch({ problem, constants: indices })
        }).toThrow('[gemv_fp4] expected')
        return
      }
      dispatch({ problem, constants: indices, bytes, grid })
      const name = gemvFp4.args[shrunk].name
      const whole = bytes[name]
      if (whole === null || whole < 2) return
      expect(() => {
        dispatch({ problem, constants: indices, bytes: { ...bytes, [name]: whole - 1 }, grid })
      }).toThrow(`[gemv_fp4] expected ${name} of at least ${whole} bytes, got ${whole - 1} bytes.`)
    }),
    { seed: 3 },
  )
})
