/** Activations in precision int8, made by the kernel itself. */
import { quantizeRowsInt8 } from '../../src/manifest/index.js'
import { type Target, call } from './call.js'

/** Rows [m, k] as the words that products in precision int8 read. */
export async function bytesOf(
  activations: Float32Array,
  m: number,
  k: number,
  target: Exclude<Target, 'metal'> = 'best',
): Promise<Uint32Array> {
  const out = new Uint32Array(m * 6 * Math.ceil(k / 16)).fill(0xffffffff)
  await call(quantizeRowsInt8, { problem: { m, k }, args: { activations, out } }, target)
  return out
}
