import { readSpec } from './common.js'
import { llamaNames } from './names.js'
import type { Architecture } from './types.js'

/** Llama 1 to 3.2 (https://huggingface.co/docs/transformers/model_doc/llama): the defaults are those of its configuration. */
export const llama: Architecture = {
  modelType: 'llama',
  className: 'LlamaForCausalLM',
  names: llamaNames,
  spec: (config) =>
    readSpec(config, {
      architecture: 'llama',
      queryKeyNorm: false,
      rmsNormEpsilon: 1e-6,
      ropeTheta: 10000,
      maxPositions: 2048,
    }),
}
