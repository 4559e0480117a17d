/** Seeded numbers (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed * 0x9e3779b1
  }

  /** In [0, 1). */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Integers in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1))
  }

  /** Near a normal distribution of deviation `scale`, as float32. */
  floats(length: number, scale = 1): Float32Array {
    return Float32Array.from({ length }, () => (this.unit() + this.unit() + this.unit() - 1.5) * 2 * scale)
  }

  bytes(length: number, low = 0, high = 255): Uint8Array {
    return Uint8Array.from({ length }, () => this.integer(low, high))
  }

  /** 0 … length - 1 in some order. */
  permutation(length: number): number[] {
    const order = Array.from({ length }, (_, index) => index)
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(0, i)
      const held = order[i]
      order[i] = order[j]
      order[j] = held
    }
    return order
  }
}
