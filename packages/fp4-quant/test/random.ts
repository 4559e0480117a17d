/** Seeded values for tests: the same on every machine and run. */

/** Uniform numbers in (0, 1): the sfc32 generator of PractRand, 32 bits each. */
export function uniform(seed: number): () => number {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = seed | 0
  let counter = 1
  const next = (): number => {
    const t = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    return ((t >>> 0) + 0.5) / 2 ** 32
  }
  for (let i = 0; i < 12; i++) next()
  return next
}

/** `count` values of N(0, 1), by Box and Muller. */
export function normal(count: number, seed: number): Float32Array {
  const random = uniform(seed)
  const out = new Float32Array(count)
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(random()))
    const angle = 2 * Math.PI * random()
    out[i] = radius * Math.cos(angle)
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle)
  }
  return out
}

/** `count` values of Student's t with 4 degrees of freedom: N(0, 1) / sqrt(chi^2 / 4), where chi^2 is -2 ln(u v). */
export function studentT4(count: number, seed: number): Float32Array {
  const out = normal(count, seed)
  const random = uniform(seed + 1)
  for (let i = 0; i < count; i++) out[i] /= Math.sqrt(-Math.log(random() * random()) / 2)
  return out
}
