import { readSpec } from './common.js'
import { llamaNames } from './names.js'
import type { Architecture } from './types.js'

/** Qwen3 (https://huggingface.co/docs/transformers/model_doc/qwen3): Llama with normalized queries and keys. */
export const qwen3: Architecture = {
  modelType: 'qwen3',
  className: 'Qwen3ForCausalLM',
  names: llamaNames,
  spec: (config) =>
    readSpec(config, {
      architecture: 'qwen3',
      queryKeyNorm: true,
      headDim: 128,
      rmsNormEpsilon: 1e-6,
      ropeTheta: 10000,
      maxPositions: 32768,
    }),
}
