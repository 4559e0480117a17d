import { expect, it } from 'vitest'
import { KernelError } from '../../src/index.js'
import { describeMetal, one, openProbe, u32 } from './support.js'

describeMetal('one-shot dispatch', () => {
  it('copies plain arrays in, and back where the kernel writes', async () => {
    const { probe } = await openProbe()
    const x = Float32Array.from({ length: 1000 }, (_, i) => i)
    const out = new Float32Array(1000)
    const params = new DataView(new ArrayBuffer(8))
    params.setFloat32(0, 2, true)
    params.setUint32(4, 999, true)
    const spec = { grid: [8, 1, 1], threadgroup: [128, 1, 1] } as const
    const result = await probe.dispatch('scale', { ...spec, buffers: [x, null, out, params] })
    expect(out).toEqual(x.map((v, i) => (i < 999 ? 2 * v + 2 : 0)))
    expect(result.steps).toBe(1)
    expect(result.durationNs).toBeGreaterThanOrEqual(0)
    // With its optional argument, other constants, and in place.
    await probe.dispatch('scale', { ...spec, buffers: [x, null, out, params], constants: { offset: 7 } })
    expect(out[10]).toBe(27)
    const y = new Float32Array(1000).fill(0.5)
    await probe.dispatch('scale', { ...spec, buffers: [x, y, x, params], constants: { hasY: 1 } })
    expect(x[10]).toBe(20.5)
    await expect(
      probe.dispatch('scale', { ...spec, buffers: [x, y, x, params], constants: { hasY: 2 } }),
    ).rejects.toThrow("[scale] expected constant 'hasY' of at most 1, got 2")
  })

  it('runs every threadgroup once', async () => {
    const { device, probe } = await openProbe()
    for (const grid of [
      [1, 1, 1],
      [17, 3, 5],
      [1, 1, 103],
    ] as const) {
      const total = grid[0] * grid[1] * grid[2]
      const out = device.allocate('uint32', total + 1)
      await probe.dispatch('cover', { grid, threadgroup: [4, 2, 1], buffers: [out] })
      expect(out.subarray(0, total).every((n) => n === 1)).toBe(true)
      expect(out[total]).toBe(0)
    }
  })

  it('uses device memory in place, at offsets', async () => {
    const { device, probe } = await openProbe()
    const array = device.allocate('uint32', 16)
    const { completed } = await probe.dispatch('cover', {
      grid: [4, 1, 1],
      buffers: [array.subarray(4, 8)],
      wait: false,
    })
    await completed
    expect([...array]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    const buffer = device.createBuffer({ byteLength: 64 })
    await expect(probe.dispatch('cover', { grid: one, buffers: [buffer.view(2)] })).rejects.toThrow(
      "expected an address aligned to 4 bytes for argument 'out', got offset 2",
    )
  })

  it('takes 4096 bytes by value', async () => {
    const { probe } = await openProbe()
    const words = Uint32Array.from({ length: 1024 }, (_, i) => i)
    const out = new Uint32Array(1)
    await probe.dispatch('big', { grid: one, buffers: [words, out] })
    expect(out[0]).toBe((1023 * 1024) / 2)
    await expect(probe.dispatch('big', { grid: one, buffers: [new Uint32Array(1023), out] })).rejects.toThrow(
      "expected 4096 bytes by value for argument 'params', got 4092",
    )
  })

  it("rejects with the kernel's own message for what it refuses in its data", async () => {
    const { probe } = await openProbe()
    const values = Uint32Array.of(1, 2, 30, 4)
    const spec = { grid: one, threadgroup: [4, 1, 1], label: 'layer 3' } as const
    const error = await probe.dispatch('limit', { ...spec, buffers: [values, u32(9)] }).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(KernelError)
    expect(error).toMatchObject({
      message: '[limit] expected values of at most the limit, got 30 at 2. Lower it.',
      kernel: 'limit',
      label: 'layer 3',
    })
    const fine = Uint32Array.of(1, 2, 3, 4)
    await probe.dispatch('limit', { ...spec, buffers: [fine, u32(9)] })
    expect([...fine]).toEqual([1, 2, 3, 4])
  })

  it('refuses a threadgroup that is too large', async () => {
    const { device, probe } = await openProbe()
    const most = device.info.maxThreadsPerThreadgroup
    await expect(
      probe.dispatch('cover', { grid: one, threadgroup: [most + 1, 1, 1], buffers: [new Uint32Array(1)] }),
    ).rejects.toThrow(`expected a threadgroup of at most ${most} in all`)
  })
})
