import type { TensorNames } from './types.js'

/** The names that Llama began and most architectures kept. */
export const llamaNames: TensorNames = {
  embedding: 'model.embed_tokens.weight',
  output: 'lm_head.weight',
  finalNorm: 'model.norm.weight',
  layer(index) {
    const prefix = `model.layers.${index}.`
    const expert = (id: number, matrix: string): string => `${prefix}mlp.experts.${id}.${matrix}_proj.weight`
    return {
      prefix,
      inputNorm: `${prefix}input_layernorm.weight`,
      query: `${prefix}self_attn.q_proj.weight`,
      key: `${prefix}self_attn.k_proj.weight`,
      value: `${prefix}self_attn.v_proj.weight`,
      queryNorm: `${prefix}self_attn.q_norm.weight`,
      keyNorm: `${prefix}self_attn.k_norm.weight`,
      attentionOutput: `${prefix}self_attn.o_proj.weight`,
      postNorm: `${prefix}post_attention_layernorm.weight`,
      gate: `${prefix}mlp.gate_proj.weight`,
      up: `${prefix}mlp.up_proj.weight`,
      down: `${prefix}mlp.down_proj.weight`,
      router: `${prefix}mlp.gate.weight`,
      expertGate: (id) => expert(id, 'gate'),
      expertUp: (id) => expert(id, 'up'),
      expertDown: (id) => expert(id, 'down'),
    }
  },
}
