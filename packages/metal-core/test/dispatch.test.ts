import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type DeviceBuffer,
  KernelError,
  OutOfMemoryError,
  type Submission,
  type SubmissionResult,
} from '../src/index.js'
import { stage, type StagingDevice } from '../src/one-shot.js'
import { libraryPath, openDevice, openProbe, u32 } from './helpers.js'

/** Parameters of saxpy: float a, uint32 n. */
function saxpyParameters(a: number, n: number): DataView {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat32(0, a, true)
  view.setUint32(4, n, true)
  return view
}

describe('one-shot dispatch', () => {
  it("one-shot dispatch runs a stranger's kernels on plain typed arrays", async () => {
    const device = await openDevice()
    const library = await device.loadLibrary({ kind: 'shared', path: libraryPath('stranger') })
    expect(library.kernels).toEqual(['saxpy', 'sum'])
    const x = Float32Array.from({ length: 1000 }, (_, i) => i)
    const y = new Float32Array(1000).fill(1)
    const result = await library.dispatch('saxpy', {
      grid: [16, 1, 1],
      threadgroup: [64, 1, 1],
      buffers: [saxpyParameters(2, 1000), x, y],
      wait: true,
    })
    expectTypeOf(result).toEqualTypeOf<SubmissionResult>()
    expect(y).toEqual(x.map((v) => 2 * v + 1))
    expect(result.steps).toBe(1)
    expect(result.endNs - result.startNs).toBe(result.durationNs)
    expect(result.durationNs).toBeGreaterThanOrEqual(0)
    const out = new Float32Array(7)
    await library.dispatch('sum', { grid: [7, 1, 1], buffers: [u32(1000), x, out] })
    expect(out.reduce((a, b) => a + b)).toBe(499_500)
    await library.dispatch('sum', { grid: [7, 1, 1], buffers: [u32(4), x, out], constants: { square: 1 } })
    expect(out.reduce((a, b) => a + b)).toBe(14)
  })

  it('runs every threadgroup once', async () => {
    const { device, probe } = await openProbe()
    for (const grid of [
      [1, 1, 1],
      [2, 1, 1],
      [15, 1, 1],
      [17, 3, 5],
      [1, 1, 100_003],
    ] as const) {
      const total = grid[0] * grid[1] * grid[2]
      const out = device.allocate('uint32', total + 1)
      await probe.dispatch('cover', { grid, buffers: [out] })
      expect(out.subarray(0, total).every((n) => n === 1)).toBe(true)
      expect(out[total]).toBe(0)
    }
  })

  it('uses device memory in place', async () => {
    const { device, probe } = await openProbe()
    const array = device.allocate('uint32', 16)
    const view = array.subarray(4, 8)
    const buffer = device.createBuffer({ byteLength: 64 })
    const { completed } = await probe.dispatch('cover', { grid: [4, 1, 1], buffers: [view], wait: false })
    await completed
    await probe.dispatch('cover', { grid: [2, 1, 1], buffers: [buffer.view(8)] })
    expect([...array]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    expect([...buffer.asUint32Array()].slice(0, 5)).toEqual([0, 0, 1, 1, 0])
  })

  it('copy-back: only what the kernel writes, and only into arrays that are still attached', async () => {
    const { probe } = await openProbe()
    const source = Uint8Array.of(1, 2, 3, 4)
    const target = new Uint8Array(4)
    await probe.dispatch('copy', { grid: [1, 1, 1], buffers: [source, target] })
    expect(target).toEqual(source)

    const submission = await probe.dispatch('copy', { grid: [1, 1, 1], buffers: [source, target], wait: false })
    expectTypeOf(submission).toEqualTypeOf<Submission>()
    const moved = structuredClone(target.buffer, { transfer: [target.buffer] })
    source.fill(9) // the copy was taken when dispatch was called
    await submission.completed
    expect(target.length).toBe(0)
    expect(new Uint8Array(moved)).toEqual(Uint8Array.of(1, 2, 3, 4))

    const bytes = new Uint8Array(16).map((_, i) => i)
    await probe.dispatch('copy', { grid: [1, 1, 1], buffers: [bytes.subarray(0, 4), bytes.subarray(8, 12)] })
    expect([...bytes]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15])
  })

  it('arrays that overlap alias on the device as they do in JavaScript', async () => {
    const { probe } = await openProbe()
    const bytes = new Uint8Array(100).map((_, i) => i)
    const grid = [1, 1, 1] as const
    const partly = probe.dispatch('copy', { grid, buffers: [bytes.subarray(3, 53), bytes.subarray(13, 63)] })
    await expect(partly).rejects.toThrow("[copy] expected arguments 'in' and 'out' to share no bytes")
    await probe.dispatch('copy', { grid, buffers: [bytes, bytes] })
    expect([...bytes]).toEqual(Array.from({ length: 100 }, (_, i) => i))
    // Both are read: they may overlap as they like, at an offset that keeps its alignment.
    const out = new Uint8Array(8)
    await probe.dispatch('blend', { grid, buffers: [bytes.subarray(4, 20), bytes.subarray(8, 30), out] })
  })

  it('disposes what it has copied when copying fails half way', async () => {
    const { device, probe } = await openProbe()
    const made: DeviceBuffer[] = []
    let failing: 'createBuffer' | 'asUint8Array' = 'createBuffer'
    const staging: StagingDevice = {
      bufferOf: () => undefined,
      createBuffer(options) {
        if (failing === 'createBuffer' && made.length === 1) throw new OutOfMemoryError('no memory')
        const buffer = device.createBuffer(options)
        made.push(buffer)
        if (failing === 'createBuffer' || made.length === 1) return buffer
        buffer.asUint8Array = () => {
          throw new OutOfMemoryError('no memory')
        }
        return buffer
      },
    }
    const kernel = probe.kernel('blend')
    const bytes = new Uint8Array(64)
    const buffers = [bytes.subarray(4, 20), new Uint8Array(4), new Uint8Array(4)]
    expect(() => stage(staging, kernel, buffers)).toThrow('no memory')
    expect(made.map((buffer) => buffer.disposed)).toEqual([true])
    made.length = 0
    failing = 'asUint8Array'
    const overlapping = [new Uint8Array(4), bytes.subarray(4, 20), bytes.subarray(8, 12)]
    expect(() => stage(staging, kernel, overlapping)).toThrow('no memory')
    expect(made.map((buffer) => buffer.disposed)).toEqual([true, true])
  })

  it('takes optional arguments as null', async () => {
    const { probe } = await openProbe()
    const out = new Uint32Array(6)
    await probe.dispatch('bindings', { grid: [1, 1, 1], buffers: [out, null, null] })
    expect([...out]).toEqual([1, 24, 0, 0, 0, 0])
    await probe.dispatch('bindings', { grid: [1, 1, 1], buffers: [out, new Uint8Array(5), new Uint8Array(32)] })
    expect([...out]).toEqual([1, 24, 1, 5, 1, 32])
  })

  it('gives scratch of the size asked for, aligned to 64 bytes', async () => {
    const { probe } = await openProbe()
    for (const bytes of [0, 1, 100, 1 << 20, 64]) {
      await probe.dispatch('scratch', { grid: [64, 1, 1], buffers: [u32(bytes)] })
    }
  })

  it('rejects with the message of the kernel, its name and the label', async () => {
    const { device, probe } = await openProbe()
    const failing = probe.dispatch('fail', { grid: [100, 1, 1], buffers: [u32(42)], label: 'layer 3' })
    const error = await failing.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(KernelError)
    expect(error).toMatchObject({ message: '[fail] failed at 42', kernel: 'fail', label: 'layer 3' })
    const message = (constants: Record<string, number>): Promise<unknown> =>
      probe.dispatch('fail', { grid: [1, 1, 1], buffers: [u32(0)], constants }).catch((error: unknown) => error)
    expect(String(await message({ message: 0 }))).toContain('the kernel failed without a message')
    expect(String(await message({ message: 2 }))).toMatch(/\[fail\] x{1000,1023}$/)
    const throws = await device.loadLibrary({ kind: 'shared', path: libraryPath('throws') })
    await expect(throws.dispatch('throws', { grid: [1, 1, 1], buffers: [] })).rejects.toThrow(
      '[throws] the kernel threw',
    )
    await expect(throws.dispatch('throws_in_check', { grid: [1, 1, 1], buffers: [] })).rejects.toThrow(
      'the check threw',
    )
    // What the check of a stranger says: sizes against parameters.
    const stranger = await device.loadLibrary({ kind: 'shared', path: libraryPath('stranger') })
    const short = [saxpyParameters(1, 100), new Float32Array(99), new Float32Array(100)]
    await expect(stranger.dispatch('saxpy', { grid: [1, 1, 1], buffers: short })).rejects.toThrow(
      "[saxpy] expected 100 floats for argument 'x', got 99; bind a larger buffer",
    )
  })

  it('refuses bad arguments before anything runs', async () => {
    const { device, probe } = await openProbe()
    const other = await openDevice()
    const buffer = device.createBuffer({ byteLength: 64 })
    const grid = [1, 1, 1] as const
    const cases: [spec: unknown, message: string][] = [
      [{ grid: [0, 1, 1], buffers: [buffer] }, 'expected grid to be [x, y, z] of integers from 1'],
      [{ grid: [1, 1], buffers: [buffer] }, 'expected grid to be [x, y, z], got an array of 2'],
      [{ grid: [2 ** 31, 2 ** 31, 1], buffers: [buffer] }, 'expected a grid of at most 9007199254740992 in all'],
      [{ grid, threadgroup: [1025, 1, 1], buffers: [buffer] }, 'expected a threadgroup of at most 1024 in all'],
      [{ grid, buffers: [] }, 'expected 1 buffers (out), got 0'],
      [{ grid, buffers: [null] }, "expected argument 'out' to be bound, got null"],
      [{ grid, buffers: [{}] }, "expected a DeviceBuffer or BufferView for argument 'out'"],
      [{ grid, buffers: [buffer.view(2)] }, "expected an address aligned to 4 bytes for argument 'out', got offset 2"],
      [
        { grid, buffers: [{ buffer, offset: 60, byteLength: 8 }] },
        'byteLength of the view to be an integer from 1 to 4',
      ],
      [{ grid, buffers: [other.createBuffer({ byteLength: 64 })] }, 'expected a buffer of this device for binding 0'],
      [{ grid: [100, 1, 1], buffers: [buffer] }, 'expected room for 100 counts'],
      [{ grid, buffers: [new Uint8Array(0)] }, "expected argument 'out' to have bytes"],
      [{ grid, buffers: [new Uint8Array(new SharedArrayBuffer(8))] }, 'not shared between threads'],
      [{ grid, buffers: [buffer], constants: { nope: 1 } }, "expected a function constant of the kernel, got 'nope'"],
      [{ grid, buffers: [buffer], wait: 1 }, 'expected wait to be true or false, got 1'],
      [{ grid, buffers: [buffer], label: 1 }, 'expected label to be a string, got 1'],
    ]
    for (const [spec, message] of cases) {
      await expect(probe.dispatch('cover', spec as never)).rejects.toThrow(message)
    }
    await expect(probe.dispatch('nope', { grid, buffers: [] })).rejects.toThrow(
      "expected a kernel of this library, got 'nope'",
    )
    const value = probe.dispatch('sleep', { grid, buffers: [new Uint8Array(5)] })
    await expect(value).rejects.toThrow("expected 4 bytes by value for argument 'value', got 5")
    const constant = probe.dispatch('fail', { grid, buffers: [u32(0)], constants: { message: 3 } })
    await expect(constant).rejects.toThrow("expected constant 'message' of at most 2, got 3")
    await expect(device.dispatch({} as never, 'x', { grid, buffers: [] })).rejects.toThrow('expected a KernelLibrary')
    await expect(other.dispatch(probe, 'cover', { grid, buffers: [new Uint32Array(1)] })).rejects.toThrow(
      'of this device',
    )
    probe.dispose()
    await expect(probe.dispatch('cover', { grid, buffers: [buffer] })).rejects.toThrow('expected a live library')
  })
})
