import { describe, expect, it } from 'vitest'
import { coldBytes, coldPool, copiesFor } from '../src/index.js'

const MiB = 1024 * 1024

describe('cold pool', () => {
  it('puts at least 256 MiB between two uses of a copy', () => {
    expect(coldBytes).toBe(256 * MiB)
    for (const bytes of [1, 4096, 8.65e6, 256 * MiB - 1, 256 * MiB, 257 * MiB]) {
      const copies = copiesFor(bytes)
      expect((copies - 1) * bytes).toBeGreaterThanOrEqual(coldBytes)
      expect((copies - 2) * bytes).toBeLessThan(coldBytes)
    }
  })

  it('uses every copy once before it uses one again', () => {
    const pool = coldPool({ bytes: 10, minBytes: 35 }, (index) => ({ index }))
    expect(pool.copies.length).toBe(5)
    const turns = Array.from({ length: 12 }, () => pool.next().index)
    expect(turns).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1])
  })

  it('disposes its copies with itself, and when making one fails', () => {
    const disposed: number[] = []
    const make = (index: number): { dispose(): void } => {
      if (index === 3) throw new Error('no memory')
      return { dispose: () => disposed.push(index) }
    }
    expect(() => coldPool({ bytes: 1, minBytes: 5 }, make)).toThrow('no memory')
    expect(disposed).toEqual([0, 1, 2])
    disposed.length = 0
    const pool = coldPool({ bytes: 1, minBytes: 2 }, make)
    pool.dispose()
    pool[Symbol.dispose]()
    expect(disposed).toEqual([0, 1, 2])
    expect(() => pool.next()).toThrow('[coldPool] expected a live pool, got a disposed one.')
  })

  it('refuses copies of no bytes', () => {
    expect(() => copiesFor(0)).toThrow('[coldPool] expected the bytes of one copy to be positive, got 0.')
    expect(() => copiesFor(Number.NaN)).toThrow('got NaN')
  })
})
