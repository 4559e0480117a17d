/**
 * A rotation of copies that keeps caches cold. A 4096 x 4096 FP4 matrix is 8.7 MB and stays in a last-level cache from one
 * run to the next, which no decode step sees: it goes through every layer in between. So enough copies are used in turn
 * that at least 256 MiB lie between two uses of one.
 */
import { fail } from './errors.js'

/** 256 MiB: more than the last-level caches and L2s of the devices in use. */
export const coldBytes: number = 256 * 1024 * 1024

/** Copies of something of `bytes` bytes so that at least `minBytes` of others are read between two uses of one. */
export function copiesFor(bytes: number, minBytes: number = coldBytes): number {
  if (!(bytes > 0)) fail('coldPool', 'the bytes of one copy to be positive', String(bytes), 'Count the weights.')
  return Math.ceil(minBytes / bytes) + 1
}

export interface ColdPoolOptions {
  /** Bytes of one copy that a run reads. */
  readonly bytes: number
  /** Default `coldBytes`. */
  readonly minBytes?: number
}

/** Copies in rotation. */
export interface ColdPool<T> {
  readonly copies: readonly T[]
  /** The copy whose last use is longest ago. */
  next(): T
  dispose(): void
  [Symbol.dispose](): void
}

/** Makes the copies. `make` is called once for each; what it gives is disposed with the pool, if it can be. */
export function coldPool<T>({ bytes, minBytes }: ColdPoolOptions, make: (index: number) => T): ColdPool<T> {
  const copies: T[] = []
  const dispose = (): void => {
    for (const copy of copies.splice(0)) (copy as { dispose?: () => void }).dispose?.()
  }
  try {
    for (let index = copiesFor(bytes, minBytes); index > 0; index--) copies.push(make(copies.length))
  } catch (error) {
    dispose()
    throw error
  }
  let turn = 0
  return {
    copies,
    next() {
      if (copies.length === 0) fail('coldPool', 'a live pool', 'a disposed one', 'Dispose it after the last run.')
      return copies[turn++ % copies.length]
    },
    dispose,
    [Symbol.dispose]: dispose,
  }
}
