import { expect } from 'vitest'

/** The largest |got - expected|, relative to the larger of |expected| and the root mean square of all that is expected. */
export function worstError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(got.length).toBe(expected.length)
  let squares = 0
  for (let i = 0; i < expected.length; i++) squares += expected[i] ** 2
  const rms = Math.sqrt(squares / expected.length)
  let worst = 0
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i] - expected[i]) / Math.max(Math.abs(expected[i]), rms)
    if (!(error <= worst)) worst = error // NaN as well
    if (Number.isNaN(worst)) return NaN
  }
  return worst
}

/** Fails unless two arrays hold the same bytes. */
export function expectSameBits(got: ArrayBufferView, expected: ArrayBufferView): void {
  const bytes = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength)
  if (bytes(got).equals(bytes(expected))) return
  expect(got).toEqual(expected)
  throw new Error('the numbers are equal, the bits are not')
}
