import { decodeE2M1, halfToFloat } from '@metal-fp4/fp4-quant'
import type { decodeGemvFp4Wide as definition } from '../manifest/decode_gemv_fp4_wide.js'
import type { Oracle } from '../manifest/views.js'
import { dot } from './matmul.js'

/** C = A W, W in the canonical layout; not rounded to half. */
export const decodeGemvFp4Wide: Oracle<typeof definition> = (
  { M, N, K, group_size: groupSize },
  _,
  { A, B, scales },
) => {
  const activations = Float64Array.from(A, halfToFloat)
  const C = new Float64Array(M * N)
  for (let n = 0; n < N; n++) {
    const column = new Float64Array(K)
    for (let k = 0; k < K; k++) {
      const code = (B[Math.floor(k / 8) * N + n] >>> (4 * (k % 8))) & 15
      column[k] = decodeE2M1(code) * halfToFloat(scales[Math.floor(k / groupSize) * N + n])
    }
    for (let m = 0; m < M; m++) C[m * N + n] = dot(activations, m * K, column)
  }
  return { C }
}
