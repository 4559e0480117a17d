import { expect } from 'vitest'

export { worstError } from '../../src/oracles/compare.js'

/** Fails unless two arrays hold the same bytes. */
export function expectSameBits(got: ArrayBufferView, expected: ArrayBufferView): void {
  const bytes = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength)
  if (bytes(got).equals(bytes(expected))) return
  expect(got).toEqual(expected)
  throw new Error('the numbers are equal, the bits are not')
}
