import { type Device, createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRoof } from '../src/index.js'
import { roofBytesFor } from '../src/roof.js'
import { coldBytes } from '../src/cold-pool.js'
import { nativeLibraryPath } from '../src/native-library.js'

const words = 3 * 1024

it('reads as much as lies between two uses of the same weights, and never less than by default', () => {
  expect([undefined, 1, coldBytes, 8 * coldBytes].map(roofBytesFor)).toEqual([
    ...Array.from({ length: 3 }, () => coldBytes),
    8 * coldBytes,
  ])
})

describe('stream_read', () => {
  let device: Device
  beforeAll(async () => {
    device = await createDevice({ backend: 'cpu', threads: 2 })
  })
  afterAll(() => {
    device.dispose()
  })

  it('reads every word: the sums of the pieces are right', async () => {
    const library = await device.loadLibrary({ kind: 'shared', path: nativeLibraryPath() })
    const data = Uint32Array.from({ length: words }, (_, i) => Math.imul(i + 1, 0x9e3779b1))
    const sums = new Uint32Array(3)
    await device.dispatch(library, 'stream_read', {
      grid: [3, 1, 1],
      buffers: [data, sums, Uint32Array.of(3, words / 3)],
    })
    const expected = [0, 1, 2].map((piece) =>
      data.subarray(piece * 1024, (piece + 1) * 1024).reduce((sum, word) => (sum + word) >>> 0, 0),
    )
    expect([...sums]).toEqual(expected)
  })

  it.each([
    ['too little data', [words - 1, 3], [3, words / 3], [3, 1, 1]],
    ['too few sums', [words, 2], [3, words / 3], [3, 1, 1]],
    ['pieces that are no whole steps', [words, 3], [3, 100], [3, 1, 1]],
    ['no pieces', [words, 3], [0, 128], [1, 1, 1]],
    ['another grid', [words, 3], [3, words / 3], [2, 1, 1]],
  ] as const)('refuses %s', async (_, [length, count], params, grid) => {
    const library = await device.loadLibrary({ kind: 'shared', path: nativeLibraryPath() })
    const buffers = [new Uint32Array(length), new Uint32Array(count), Uint32Array.from(params)]
    await expect(device.dispatch(library, 'stream_read', { grid, buffers })).rejects.toThrow(/stream_read.*expected/)
  })

  it('measures a positive bandwidth, and can be disposed', async () => {
    const roof = await openRoof(device, 3 * 1024 * 1024)
    expect(roof.source).toBe('read')
    expect(await roof.measure()).toBeGreaterThan(0)
    expect(await roof.measureCopy()).toBeGreaterThan(0)
    roof.dispose()
    await expect((async () => roof.measure())()).rejects.toThrow()
  })
})

describe('stream_copy', () => {
  it('copies every word, and refuses what does not fit', async () => {
    using device = await createDevice({ backend: 'cpu', threads: 2 })
    const library = await device.loadLibrary({ kind: 'shared', path: nativeLibraryPath() })
    const from = Uint32Array.from({ length: words }, (_, i) => Math.imul(i + 1, 0x9e3779b1))
    const to = new Uint32Array(words)
    const copy = (params: readonly number[], target: Uint32Array = to): Promise<unknown> =>
      device.dispatch(library, 'stream_copy', {
        grid: [params[0], 1, 1],
        buffers: [from, target, Uint32Array.from(params)],
      })
    await copy([3, words / 3])
    expect(to).toEqual(from)
    await expect(copy([3, words])).rejects.toThrow(/stream_copy.*expected from and to of at least/)
    await expect(copy([3, words / 3], new Uint32Array(4))).rejects.toThrow(/stream_copy.*expected/)
  })
})

describe('a device without stream_read', () => {
  it('has its own copy bandwidth as the roof', async () => {
    const info = { backend: 'cuda', copyGigabytesPerSecond: 4245 }
    const roof = await openRoof({ info } as unknown as Device)
    expect(roof.source).toBe('copy')
    expect(await roof.measure()).toBe(4245)
    expect(await roof.measureCopy()).toBe(4245)
  })
})
