import { describe, expect, expectTypeOf, it } from 'vitest'
import { ArgumentError, DisposedError, OutOfMemoryError } from '../src/index.js'
import { openDevice, openProbe, u32 } from './helpers.js'

describe('DeviceBuffer', () => {
  it('is zero-filled and shows the same memory each time', async () => {
    const device = await openDevice()
    const buffer = device.createBuffer({ byteLength: 20_000, label: 'x' })
    expect(buffer).toMatchObject({ byteLength: 20_000, storage: 'shared', label: 'x', disposed: false })
    expect(buffer.contents()).toBe(buffer.contents())
    expect(buffer.asUint8Array().every((byte) => byte === 0)).toBe(true)
    buffer.asFloat32Array()[1] = 1.5
    expect((await buffer.read(4, 4)).slice()).toEqual(new Uint8Array(Float32Array.of(1.5).buffer))
  })

  it.each([1, 16_384, 300_000, 5_000_000])('starts on a page of 16 KiB, at %i bytes', async (byteLength) => {
    const { device, probe } = await openProbe()
    const buffer = device.createBuffer({ byteLength: byteLength + 64 })
    await probe.dispatch('page', { grid: [1, 1, 1], buffers: [buffer] })
    await expect(probe.dispatch('page', { grid: [1, 1, 1], buffers: [buffer.view(64)] })).rejects.toThrow(
      "expected an address aligned to 16384 bytes for argument 'in', got offset 64",
    )
  })

  it('copies data in, whatever the view', async () => {
    const device = await openDevice()
    const memory = Uint8Array.from({ length: 64 }, (_, i) => i)
    for (const storage of ['shared', 'private'] as const) {
      const whole = device.createBuffer({ data: memory, storage })
      expect(await whole.read()).toEqual(memory)
      const part = device.createBuffer({ data: new DataView(memory.buffer, 3, 7), storage })
      expect(await part.read()).toEqual(memory.slice(3, 10))
    }
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(9)
    expect(await device.createBuffer({ data: shared }).read()).toEqual(Uint8Array.of(9, 9, 9, 9))
  })

  it('writes and reads in order with what was submitted before', async () => {
    const { device, probe } = await openProbe()
    const log = device.createBuffer({ byteLength: 64, storage: 'private' })
    const append = device.createGraph().dispatch(probe.kernel('append'), { grid: [1, 1, 1], buffers: [log, u32(5)] })
    const sleep = device.createGraph().dispatch(probe.kernel('sleep'), { grid: [1, 1, 1], buffers: [u32(20)] })
    sleep.submit()
    append.submit()
    const before = log.read(0, 8)
    const data = u32(0)
    const written = log.write(data)
    data[0] = 99 // the copy was taken when write was called
    append.submit()
    const after = log.read(0, 12)
    expect(new Uint32Array((await before).buffer)).toEqual(Uint32Array.of(1, 5))
    await written
    expect(new Uint32Array((await after).buffer)).toEqual(Uint32Array.of(1, 5, 0))
  })

  it('detaches what JavaScript sees on dispose', async () => {
    const device = await openDevice()
    const [a, b] = [device.createBuffer({ byteLength: 16 }), device.createBuffer({ byteLength: 16 })]
    const [views, array] = [[a.asFloat32Array(), b.asUint8Array()], device.allocate('float32', 4)]
    a.dispose()
    a.dispose()
    expect([views[0].length, views[1].length, a.disposed, b.disposed]).toEqual([0, 16, true, false])
    expect(() => a.contents()).toThrow(DisposedError)
    await expect(a.read()).rejects.toBeInstanceOf(DisposedError)
    device.dispose()
    expect([views[1].length, array.length, b.disposed]).toEqual([0, 0, true])
    expect(() => b.contents()).toThrow(DisposedError)
  })

  it('frees memory: many buffers, one after another', async () => {
    const device = await openDevice()
    for (let i = 0; i < 200; i++) {
      const buffer = device.createBuffer({ byteLength: 8 << 20 })
      buffer.asUint8Array().fill(1)
      buffer.dispose()
      await new Promise((done) => setImmediate(done)) // the ArrayBuffer lets go of the memory in a turn of the loop
    }
    expect(process.memoryUsage.rss()).toBeLessThan(1e9) // 1.6 GiB were written
  })

  it('refuses what does not fit', async () => {
    const device = await openDevice()
    const buffer = device.createBuffer({ byteLength: 10 })
    expect(() => buffer.view(11)).toThrow('[buffer.view] expected offset to be an integer from 0 to 9, got 11')
    expect(() => buffer.view(4, 7)).toThrow('[buffer.view] expected byteLength to be an integer from 1 to 6, got 7')
    expect(() => buffer.asFloat32Array()).toThrow('expected byteLength to be a multiple of 4, got 10')
    await expect(buffer.write(new Uint8Array(11))).rejects.toBeInstanceOf(ArgumentError)
    expect(() => device.createBuffer({ byteLength: 2 ** 52 })).toThrow(OutOfMemoryError)
    expect(() => device.createBuffer({ byteLength: 0 })).toThrow(ArgumentError)
    expect(() => device.createBuffer({} as never)).toThrow('either byteLength or data')
    expect(() => device.createBuffer({ byteLength: 4, storage: 'managed' as never })).toThrow("'shared' or 'private'")
    expect(() => device.createBuffer({ byteLength: 4, storage: 'private' }).contents()).toThrow(
      '[buffer.contents] expected a shared buffer, got a private one; use read()',
    )
    const detached = new Uint8Array(8)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    expect(() => device.createBuffer({ data: detached })).toThrow(ArgumentError)
  })
})

describe('allocate', () => {
  it('gives typed arrays over device memory', async () => {
    const device = await openDevice()
    const array = device.allocate('float32', 3)
    expectTypeOf(array).toEqualTypeOf<Float32Array<ArrayBuffer>>()
    expectTypeOf(device.allocate(Uint16Array, 3)).toEqualTypeOf<Uint16Array<ArrayBuffer>>()
    expect(array).toEqual(new Float32Array(3))
    expect(device.allocate(BigUint64Array, 2)).toEqual(new BigUint64Array(2))
    expect(device.bufferOf(array)?.byteLength).toBe(12)
    expect(device.bufferOf(new Float32Array(1))).toBeUndefined()
    expect(() => device.allocate('complex' as never, 1)).toThrow(/expected type to be one of float64, float32/)
    expect(() => device.allocate('uint8', 2 ** 33)).toThrow(ArgumentError)
  })
})

describe('upload', () => {
  it('cached private upload: the same memory and range give the same buffer while it lives', async () => {
    const device = await openDevice()
    const weights = Float32Array.from({ length: 100 }, (_, i) => i)
    const first = device.upload(weights, { label: 'w' })
    expect(first).toMatchObject({ storage: 'private', byteLength: 400, label: 'w' })
    expect(device.upload(weights)).toBe(first)
    expect(device.upload(new Uint8Array(weights.buffer))).toBe(first)
    const part = device.upload(weights.subarray(50))
    expect(part).not.toBe(first)
    expect(device.upload(weights.subarray(50))).toBe(part)
    expect(new Float32Array((await part.read()).buffer)).toEqual(weights.slice(50))
    expect(() => first.contents()).toThrow(ArgumentError)

    first.dispose()
    const again = device.upload(weights)
    expect(again).not.toBe(first)
    expect(again.disposed).toBe(false)
    expect(device.upload(Float32Array.from(weights))).not.toBe(again) // other memory, though the same bytes
    const other = await openDevice()
    expect(other.upload(weights)).not.toBe(again)
  })
})
