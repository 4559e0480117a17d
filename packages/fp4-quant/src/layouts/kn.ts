/**
 * The canonical layout `kn`: packed `[E, ceil(K/8), N]` and scales `[E, ceil(K/groupSize), N]`, N contiguous, so that
 * neighbouring columns of W = `[K, N]` are neighbours in memory. Rows of the input are columns here.
 */

/** Rows quantized together: 16 words are one cache line, so a line of the output is written once. */
export const stripRows = 16

/**
 * Copies a strip `[width, stripRows]` (words or scales of `rows` input rows, side by side as in the target: read the other way, its lines
 * would compete for a few places of the cache) to columns `column .. column + rows - 1` of a matrix `[width, n]` that starts at
 * `base` in `target`.
 */
export function storeStrip<T extends Uint32Array | Uint16Array | Uint8Array>(
  strip: Uint32Array | Uint16Array,
  rows: number,
  width: number,
  target: T,
  base: number,
  n: number,
  column: number,
): void {
  for (let w = 0; w < width; w++) {
    const from = w * stripRows
    const to = base + w * n + column
    for (let r = 0; r < rows; r++) target[to + r] = strip[from + r]
  }
}
