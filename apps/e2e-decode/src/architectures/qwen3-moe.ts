import type { JsonObject } from '../checkpoint/json-file.js'
import { denseFeedForward, readSpec } from './common.js'
import { llamaNames } from './names.js'
import type { Architecture, FeedForward } from './types.js'

/** Qwen3-MoE (https://huggingface.co/docs/transformers/model_doc/qwen3_moe): Qwen3 whose layers are, mostly, experts. */
export const qwen3Moe: Architecture = {
  modelType: 'qwen3_moe',
  className: 'Qwen3MoeForCausalLM',
  names: llamaNames,
  spec: (config) =>
    readSpec(config, {
      architecture: 'qwen3_moe',
      queryKeyNorm: true,
      rmsNormEpsilon: 1e-6,
      ropeTheta: 10000,
      maxPositions: 32768,
      feedForward,
    }),
}

function feedForward(config: JsonObject, layer: number): FeedForward {
  const experts = config.integer('num_experts', { fallback: 128, most: 1024 })
  const sparseStep = config.integer('decoder_sparse_step', { fallback: 1 })
  // As Qwen3MoeDecoderLayer decides it: experts in every `decoder_sparse_step`-th layer that is not listed as dense.
  if (config.integers('mlp_only_layers', []).includes(layer) || (layer + 1) % sparseStep !== 0) {
    return denseFeedForward(config)
  }
  return {
    kind: 'experts',
    inner: config.integer('moe_intermediate_size', { fallback: 768 }),
    experts,
    topK: config.integer('num_experts_per_tok', { fallback: 8, most: Math.min(experts, 32) }),
    scoring: 'softmax',
    normalize: config.boolean('norm_topk_prob', false),
    scalingFactor: 1,
  }
}
