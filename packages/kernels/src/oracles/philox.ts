/**
 * Philox4x32-10, the counter-based generator of J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011): ten rounds
 * of multiplications with the words of a counter, keyed by two words that grow by Weyl constants.
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): Uint32Array {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < 10; round++) {
    const product0 = BigInt(c0) * 0xd2511f53n
    const product1 = BigInt(c2) * 0xcd9e8d57n
    const next0 = (high(product1) ^ c1 ^ k0) >>> 0
    const next2 = (high(product0) ^ c3 ^ k1) >>> 0
    c1 = low(product1)
    c3 = low(product0)
    c0 = next0
    c2 = next2
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  return Uint32Array.of(c0, c1, c2, c3)
}

const high = (product: bigint): number => Number(product >> 32n)
const low = (product: bigint): number => Number(product & 0xffffffffn)
