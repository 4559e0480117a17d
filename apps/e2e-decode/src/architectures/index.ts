/** The architectures that are known, and the choice among them. */
import type { JsonObject } from '../checkpoint/json-file.js'
import { llama } from './llama.js'
import { qwen3 } from './qwen3.js'
import { qwen3Moe } from './qwen3-moe.js'
import type { Architecture } from './types.js'

export type { Architecture, FeedForward, LayerNames, ModelSpec, TensorNames } from './types.js'

export const architectures: readonly Architecture[] = [llama, qwen3, qwen3Moe]

/** The architecture that a config.json names. @throws CheckpointError when it is none of ours. */
export function architectureOf(config: JsonObject): Architecture {
  const classes = config.strings('architectures', [])
  const type = config.string('model_type', '')
  // A class for another task (classification, embedding) has another output than logits.
  const found = architectures.find(({ className, modelType }) =>
    classes.length > 0 ? classes.includes(className) : modelType === type,
  )
  if (found !== undefined) return found
  const key = classes.length > 0 ? 'architectures' : 'model_type'
  const known = architectures.map(({ className, modelType }) => (classes.length > 0 ? className : modelType))
  return config.fail(key, `one of ${known.join(', ')}`, 'Other architectures are not supported.')
}
