import { mkdirSync, openSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ArgumentError, FileMapError } from '../src/index.js'
import { openDevice, openProbe, temporaryFolder } from './helpers.js'

const folder = temporaryFolder()
const path = join(folder, 'data.bin')
const data = new Uint8Array(20_000).map((_, i) => i % 251)
writeFileSync(path, data)

describe('mapFile', () => {
  it('shows a file at any offset', async () => {
    const device = await openDevice()
    expect(await device.mapFile(path).read()).toEqual(data)
    for (const [offset, byteLength] of [
      [1, 1],
      [4095, 2],
      [4096, 4096],
      [16_383, 3617],
      [19_999, 1],
    ]) {
      const buffer = device.mapFile(path, { offset, byteLength })
      expect(buffer).toMatchObject({ byteLength, storage: 'private', label: path })
      expect(await buffer.read()).toEqual(data.slice(offset, offset + byteLength))
    }
    expect(device.mapFile(path, { offset: 19_000 }).byteLength).toBe(1000)
  })

  it('binds to kernels that read, and to none that writes', async () => {
    const { device, probe } = await openProbe()
    const buffer = device.mapFile(path, { offset: 3 })
    const out = new Uint8Array(100)
    await probe.dispatch('copy', { grid: [1, 1, 1], buffers: [buffer.view(7, 100), out] })
    expect(out).toEqual(data.slice(10, 110))
    const write = probe.dispatch('copy', { grid: [1, 1, 1], buffers: [out, buffer] })
    await expect(write).rejects.toThrow("[copy] expected writable memory for argument 'out', got a mapped file")
    await expect(buffer.write(out)).rejects.toThrow('expected writable memory, got a mapped file')
    expect(() => buffer.contents()).toThrow(ArgumentError)
    const aligned = probe.dispatch('cover', { grid: [1, 1, 1], buffers: [buffer] })
    await expect(aligned).rejects.toThrow("expected an address aligned to 4 bytes for argument 'out'")
  })

  it('reaches beyond 4 GiB', async () => {
    const device = await openDevice()
    const large = join(folder, 'large.bin')
    const at = 5 * 2 ** 30 + 3
    const file = openSync(large, 'w')
    truncateSync(large, at + 10) // a hole: takes no space
    writeSync(file, Uint8Array.of(1, 2, 3), 0, 3, at)
    closeSync(file)
    const buffer = device.mapFile(large)
    expect(buffer.byteLength).toBe(at + 10)
    expect(await buffer.read(at, 4)).toEqual(Uint8Array.of(1, 2, 3, 0))
  })

  it('refuses what cannot be mapped', async () => {
    const device = await openDevice()
    const empty = join(folder, 'empty.bin')
    writeFileSync(empty, '')
    const sub = join(folder, 'sub')
    mkdirSync(sub)
    const cases: [path: string, options: { offset?: number; byteLength?: number }, message: string][] = [
      [empty, {}, 'expected a range inside the 0 bytes of the file'],
      [join(folder, 'missing'), {}, 'expected a file that can be read, got No such file'],
      [sub, {}, 'expected a regular file, got a directory'],
      ['/dev/null', {}, 'expected a regular file'],
      [path, { offset: 20_000 }, 'expected a range inside the 20000 bytes of the file, got the bytes from 20000'],
      [path, { offset: 19_999, byteLength: 2 }, 'got 2 bytes at 19999; the file may be truncated'],
      [path, { offset: Number.MAX_SAFE_INTEGER, byteLength: Number.MAX_SAFE_INTEGER }, 'expected a range inside'],
    ]
    for (const [file, options, message] of cases) {
      expect(() => device.mapFile(file, options)).toThrow(FileMapError)
      expect(() => device.mapFile(file, options)).toThrow(message)
    }
    for (const options of [{ offset: -1 }, { offset: 0.5 }, { byteLength: 0 }, { byteLength: Number.NaN }]) {
      expect(() => device.mapFile(path, options)).toThrow(ArgumentError)
    }
    expect(() => device.mapFile(5 as never)).toThrow('expected path to be a string, got 5')
  })
})
