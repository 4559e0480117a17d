import type { KernelDefinition } from './types.js'
import { addRmsNorm } from './add_rms_norm.js'
import { advanceStep } from './advance_step.js'
import { argmax } from './argmax.js'
import { attentionCombine } from './attention_combine.js'
import { attentionDecode } from './attention_decode.js'
import { attentionPrefill } from './attention_prefill.js'
import { combinePartials } from './combine_partials.js'
import { countToken } from './count_token.js'
import { decodeGemvFp4Wide } from './decode_gemv_fp4_wide.js'
import { embeddingRows } from './embedding_rows.js'
import { embeddingRowsFp4 } from './embedding_rows_fp4.js'
import { gemmDense } from './gemm_dense.js'
import { gemmFp4 } from './gemm_fp4.js'
import { gemvDense } from './gemv_dense.js'
import { gemvFp4 } from './gemv_fp4.js'
import { gemvFp4Partial } from './gemv_fp4_partial.js'
import { marlinGemmFp4 } from './marlin_gemm_fp4.js'
import { moeCombine } from './moe_combine.js'
import { moeGemvDense } from './moe_gemv_dense.js'
import { moeGemvFp4 } from './moe_gemv_fp4.js'
import { moeRouterTopk } from './moe_router_topk.js'
import { penalizeLogits } from './penalize_logits.js'
import { quantizeRowsInt8 } from './quantize_rows_int8.js'
import { rmsNorm } from './rms_norm.js'
import { ropeKvAppend } from './rope_kv_append.js'
import { sampleToken } from './sample_token.js'

export {
  addRmsNorm,
  advanceStep,
  argmax,
  attentionCombine,
  attentionDecode,
  attentionPrefill,
  combinePartials,
  countToken,
  decodeGemvFp4Wide,
  embeddingRows,
  embeddingRowsFp4,
  gemmDense,
  gemmFp4,
  gemvDense,
  gemvFp4,
  gemvFp4Partial,
  marlinGemmFp4,
  moeCombine,
  moeGemvDense,
  moeGemvFp4,
  moeRouterTopk,
  penalizeLogits,
  quantizeRowsInt8,
  rmsNorm,
  ropeKvAppend,
  sampleToken,
}

/** Every kernel, in the order in which a decode step meets them; the baselines last. */
export const manifest: readonly KernelDefinition[] = [
  embeddingRows,
  embeddingRowsFp4,
  rmsNorm,
  addRmsNorm,
  quantizeRowsInt8,
  gemvFp4,
  gemvFp4Partial,
  combinePartials,
  gemmFp4,
  gemvDense,
  gemmDense,
  ropeKvAppend,
  attentionDecode,
  attentionCombine,
  attentionPrefill,
  moeRouterTopk,
  moeGemvFp4,
  moeGemvDense,
  moeCombine,
  argmax,
  countToken,
  penalizeLogits,
  sampleToken,
  advanceStep,
  decodeGemvFp4Wide,
  marlinGemmFp4,
]
