/** float32 numbers whose image under a rounded float32 function is wanted: reciprocals and quotients of global scales. */

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/**
 * A float32 x with `fround(image(x)) === wanted`, looked for around `guess`; the nearest to it when there are several, and
 * `fround(guess)` with `exact: false` when there is none. (Reciprocals of float32 numbers are not onto: for about three in ten g there is no
 * float32 r with fround(1 / r) = g.)
 */
export function preimage(
  image: (x: number) => number,
  wanted: number,
  guess: number,
): { readonly value: number; readonly exact: boolean } {
  const nearest = Math.fround(guess)
  for (const offset of [0, -1, 1, -2, 2]) {
    const value = neighbour(nearest, offset)
    if (Math.fround(image(value)) === wanted) return { value, exact: true }
  }
  return { value: nearest, exact: false }
}

/** The float32 `offset` steps away from a positive one. */
function neighbour(x: number, offset: number): number {
  float[0] = x
  bits[0] += offset
  return float[0]
}
