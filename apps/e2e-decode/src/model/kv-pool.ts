/**
 * Keys and values of the tokens seen, as half, in blocks of a pool. A table on the device says which block holds which
 * positions, so that a sequence grows by an entry of the table and nothing moves.
 */
import type { Device, DeviceBuffer } from '@metal-fp4/metal-core'
import type { ModelSpec } from '../architectures/index.js'
import { Buffers } from './buffers.js'

/** Positions in a block. */
export const blockSize = 64

export class KvPool {
  /** Positions that fit. */
  readonly capacity: number
  /** Blocks of the pool, and entries of the table. */
  readonly blocks: number
  /** uint32 [blocks]. */
  readonly table: DeviceBuffer
  /** For each layer: half [blocks, kvHeads, blockSize, headDim]. */
  readonly keys: readonly DeviceBuffer[]
  readonly values: readonly DeviceBuffer[]
  readonly #buffers: Buffers
  readonly #free: number[]
  readonly #used: number[] = []

  constructor(device: Device, { layers, kvHeads, headDim }: ModelSpec, capacity: number) {
    this.capacity = capacity
    this.blocks = Math.ceil(capacity / blockSize)
    const byteLength = this.blocks * kvHeads * blockSize * headDim * 2
    this.#buffers = new Buffers(device)
    const make = (label: string): DeviceBuffer[] =>
      Array.from({ length: layers }, () => this.#buffers.make(byteLength, label))
    const made = this.#buffers.build(() => ({
      table: this.#buffers.make(this.blocks * 4, 'blockTable'),
      keys: make('keys'),
      values: make('values'),
    }))
    this.table = made.table
    this.keys = made.keys
    this.values = made.values
    this.#free = Array.from({ length: this.blocks }, (_, i) => this.blocks - 1 - i)
  }

  /** Bytes that a position takes in all layers. */
  static bytesPerPosition({ layers, kvHeads, headDim }: ModelSpec): number {
    return layers * kvHeads * headDim * 2 * 2
  }

  /** Gives the sequence blocks for its first `positions` positions; what is submitted afterwards sees them. */
  async reserve(positions: number): Promise<void> {
    const first = this.#used.length
    const needed = Math.ceil(positions / blockSize)
    if (needed <= first) return
    if (needed > this.blocks) {
      throw new RangeError(`[kv-pool] expected at most ${this.capacity} positions, got ${positions}.`)
    }
    while (this.#used.length < needed) this.#used.push(this.#free.pop()!)
    await this.table.write(Uint32Array.from(this.#used.slice(first)), first * 4)
  }

  /** Takes back the blocks beyond the first `positions` positions. Nothing in flight may still use them. */
  release(positions: number): void {
    const kept = Math.ceil(positions / blockSize)
    while (this.#used.length > kept) this.#free.push(this.#used.pop()!)
  }

  dispose(): void {
    this.#buffers.dispose()
  }
}
