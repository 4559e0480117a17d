import type { marlinGemmFp4 as definition } from '../manifest/marlin_gemm_fp4.js'
import type { Oracle } from '../manifest/views.js'
import { decodeGemvFp4Wide } from './decode_gemv_fp4_wide.js'

/** The same product; the tiles change nothing. */
export const marlinGemmFp4: Oracle<typeof definition> = decodeGemvFp4Wide
