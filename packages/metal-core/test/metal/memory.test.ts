import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ArgumentError, FileMapError, OutOfMemoryError } from '../../src/index.js'
import { temporaryFolder } from '../helpers.js'
import { describeMetal, missingSoftware, one, openMetal, openProbe, software, u32 } from './support.js'

const bytesOf = (length: number, seed = 1): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) & 255)

describeMetal('memory', () => {
  it('is zero-filled, shared or private', async () => {
    const device = await openMetal()
    const shared = device.createBuffer({ byteLength: 20_001, label: 'x' })
    expect(shared.contents()).toBe(shared.contents())
    expect(shared.asUint8Array().every((byte) => byte === 0)).toBe(true)
    const hidden = device.createBuffer({ byteLength: 101, storage: 'private' })
    expect(await hidden.read()).toEqual(new Uint8Array(101))
    expect(() => hidden.contents()).toThrow('expected a shared buffer, got a private one')
    shared.dispose()
    expect(shared.disposed).toBe(true)
  })

  it('copies data into either storage, and out again, at any offset and length', async () => {
    const device = await openMetal()
    for (const storage of ['shared', 'private'] as const) {
      const expected = bytesOf(1003)
      const buffer = device.createBuffer({ data: expected, storage })
      expect(await buffer.read()).toEqual(expected)
      for (const [offset, length] of [
        [0, 4],
        [1, 1],
        [3, 9],
        [4, 999],
        [501, 502],
        [1002, 1],
      ]) {
        const data = bytesOf(length, offset + 2)
        await buffer.write(data, offset)
        expected.set(data, offset)
        expect(await buffer.read(offset, length)).toEqual(data)
      }
      expect(await buffer.read()).toEqual(expected)
    }
  })

  it('moves more than one staging buffer holds', async () => {
    const device = await openMetal()
    const data = bytesOf((33 << 20) + 5)
    const buffer = device.createBuffer({ data, storage: 'private' })
    const back = await buffer.read()
    expect(Buffer.compare(back, data)).toBe(0)
    expect(Buffer.compare(await buffer.read(16_777_213, 16_777_217), data.subarray(16_777_213, 33_554_430))).toBe(0)
  })

  it('uploads constants once', async () => {
    const { device, probe } = await openProbe()
    const data = bytesOf(64)
    const weights = device.upload(data, { label: 'weights' })
    expect(weights.storage).toBe('private')
    expect(device.upload(data)).toBe(weights)
    expect(device.upload(data.subarray(1))).not.toBe(weights)
    const out = new Uint8Array(64)
    await probe.dispatch('copy', { grid: one, threadgroup: [64, 1, 1], buffers: [weights, out, u32(64)] })
    expect(out).toEqual(data)
  })

  it('reads and writes in order with what was submitted before', async () => {
    const { device, probe } = await openProbe()
    const log = device.createBuffer({ byteLength: 64, storage: 'private' })
    const append = device.createGraph().dispatch(probe.kernel('append'), { grid: one, buffers: [log, u32(5)] })
    append.submit()
    const first = log.read(0, 8)
    const written = log.write(u32(3), 0)
    append.submit()
    const second = log.read(0, 20)
    expect([...new Uint32Array((await first).buffer)]).toEqual([1, 5])
    expect([...new Uint32Array((await second).buffer)]).toEqual([4, 5, 0, 0, 5])
    await written
  })

  it('maps a file without a copy, at any offset', async () => {
    const { device, probe } = await openProbe()
    const data = bytesOf(100_000)
    const path = join(temporaryFolder(), 'weights.bin')
    writeFileSync(path, data)
    for (const [offset, length] of [
      [0, 100_000],
      [16_384, 20_000],
      [70_001, 101],
    ]) {
      const file = device.mapFile(path, { offset, byteLength: length })
      expect(file.byteLength).toBe(length)
      const out = new Uint8Array(length)
      const grid = [Math.ceil(length / 256), 1, 1] as const
      await probe.dispatch('copy', { grid, threadgroup: [256, 1, 1], buffers: [file, out, u32(length)] })
      expect(Buffer.compare(out, data.subarray(offset, offset + length))).toBe(0)
      expect(await file.read(7, 20)).toEqual(data.slice(offset + 7, offset + 27))
      expect(() => file.contents()).toThrow('expected a shared buffer')
      await expect(file.write(u32(1))).rejects.toThrow('expected writable memory, got a mapped file')
      const write = probe.dispatch('cover', { grid: one, buffers: [file] })
      await expect(write).rejects.toBeInstanceOf(ArgumentError)
      file.dispose()
    }
    expect(() => device.mapFile(path, { offset: 100_000 })).toThrow(FileMapError)
    expect(() => device.mapFile(`${path}.missing`)).toThrow(FileMapError)
  })

  it('says when there is no room', async () => {
    const device = await openMetal()
    expect(() => device.createBuffer({ byteLength: 2 ** 52 })).toThrow(OutOfMemoryError)
    expect(() => device.createBuffer({ byteLength: 2 ** 52 })).toThrow('bytes that the GPU takes in one buffer')
  })

  it.skipIf(missingSoftware)('says when the system has no memory left', async () => {
    const { device, probe } = await openProbe()
    const { softwareMetal } = await software()
    softwareMetal.fail('allocation', 0)
    expect(() => device.createBuffer({ byteLength: 1 << 20 })).toThrow('got none from the GPU; dispose buffers')
    softwareMetal.fail('allocation', 1) // the buffer is made, what its data goes through is not
    expect(() => device.createBuffer({ data: bytesOf(1 << 20), storage: 'private' })).toThrow(OutOfMemoryError)
    const out = device.createBuffer({ byteLength: 4 })
    const graph = device.createGraph().dispatch(probe.kernel('cover'), { grid: one, buffers: [out] })
    softwareMetal.fail('allocation', 0)
    expect(() => graph.submit()).toThrow(OutOfMemoryError) // its sizes
    softwareMetal.fail('allocation', 1)
    await expect(graph.submit().completed).rejects.toBeInstanceOf(OutOfMemoryError) // its state
    await graph.submit().completed
    expect(out.asUint32Array()[0]).toBe(1)
    softwareMetal.clearFaults()
  })
})
