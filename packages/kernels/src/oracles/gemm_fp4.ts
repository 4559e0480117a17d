import type { gemmFp4 as definition } from '../manifest/gemm_fp4.js'
import type { Oracle } from '../manifest/views.js'
import { gemvFp4 } from './gemv_fp4.js'

/** gemv_fp4 for any number of rows; how the work is cut up changes nothing. */
export const gemmFp4: Oracle<typeof definition> = (problem, { tile: _, ...constants }, args) =>
  gemvFp4(problem, constants, args)
