import type { gemmDense as definition } from '../manifest/gemm_dense.js'
import type { Oracle } from '../manifest/views.js'
import { gemvDense } from './gemv_dense.js'

/** gemv_dense for any number of rows. */
export const gemmDense: Oracle<typeof definition> = gemvDense
