/**
 * The float64 references, one for each kernel, by the names of the manifest: `oracles.gemvFp4(problem, constants, args)` computes in
 * float64 what the kernel `gemv_fp4` computes, from the typed arrays that the kernel reads (halves and bfloat16 as bits), and
 * returns what the kernel writes. Slow, and written to be checked by eye.
 */
export { addRmsNorm } from './add_rms_norm.js'
export { advanceStep } from './advance_step.js'
export { argmax } from './argmax.js'
export { attentionCombine } from './attention_combine.js'
export { attentionDecode } from './attention_decode.js'
export { attentionPrefill } from './attention_prefill.js'
export { combinePartials } from './combine_partials.js'
export { decodeGemvFp4Wide } from './decode_gemv_fp4_wide.js'
export { embeddingRows } from './embedding_rows.js'
export { embeddingRowsFp4 } from './embedding_rows_fp4.js'
export { gemmDense } from './gemm_dense.js'
export { gemmFp4 } from './gemm_fp4.js'
export { gemvDense } from './gemv_dense.js'
export { gemvFp4 } from './gemv_fp4.js'
export { gemvFp4Partial } from './gemv_fp4_partial.js'
export { marlinGemmFp4 } from './marlin_gemm_fp4.js'
export { moeCombine } from './moe_combine.js'
export { moeGemvDense } from './moe_gemv_dense.js'
export { moeGemvFp4 } from './moe_gemv_fp4.js'
export { moeRouterTopk } from './moe_router_topk.js'
export { quantizeRowsInt8 } from './quantize_rows_int8.js'
export { rmsNorm } from './rms_norm.js'
export { ropeKvAppend } from './rope_kv_append.js'
export { sampleToken } from './sample_token.js'
