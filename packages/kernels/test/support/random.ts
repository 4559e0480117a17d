/** Seeded numbers: the same on every machine and run. */

/** Uniform in 0..1: the mulberry32 generator. */
export function uniform(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `count` numbers of N(0, rms^2), by Box and Muller. */
export function normal(count: number, seed: number, rms = 1): Float32Array {
  const random = uniform(seed)
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    return rms * radius * Math.cos(2 * Math.PI * random())
  })
}

/** 0..count-1, shuffled. */
export function permutation(count: number, seed: number): Uint32Array {
  const random = uniform(seed)
  const out = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[out[i], out[j]] = [out[j], out[i]]
  }
  return out
}
