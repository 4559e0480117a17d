/** What the config.json of Llama and its descendants have in common. */
import type { RopeScaling } from '@metal-fp4/kernels'
import { type JsonObject } from '../checkpoint/json-file.js'
import type { FeedForward, ModelSpec } from './types.js'

/** How an architecture departs from Llama. */
export interface Differences {
  readonly architecture: string
  readonly queryKeyNorm: boolean
  /** Width of a head when config.json does not say; without it hidden_size / num_attention_heads. */
  readonly headDim?: number
  readonly rmsNormEpsilon: number
  readonly ropeTheta: number
  readonly maxPositions: number
  /** The feed-forward part of each layer; without it all are dense, of `intermediate_size`. */
  readonly feedForward?: (config: JsonObject, layer: number) => FeedForward
}

/** Reads the shared entries. @throws CheckpointError naming the entry. */
export function readSpec(config: JsonObject, differences: Differences): ModelSpec {
  rejectUnsupported(config)
  const width = config.integer('hidden_size')
  const layers = config.integer('num_hidden_layers', { most: 4096 })
  const heads = config.integer('num_attention_heads', { most: 65536 })
  const kvHeads = config.integer('num_key_value_heads', { fallback: heads, most: 65536 })
  if (heads % kvHeads !== 0) config.fail('num_key_value_heads', `a divisor of num_attention_heads (${heads})`)
  const feedForward = differences.feedForward ?? denseFeedForward
  return {
    architecture: differences.architecture,
    vocabSize: config.integer('vocab_size'),
    width,
    layers,
    heads,
    kvHeads,
    headDim: readHeadDim(config, width, heads, differences.headDim),
    maxPositions: config.integer('max_position_embeddings', { fallback: differences.maxPositions }),
    rmsNormEpsilon: config.positive('rms_norm_eps', differences.rmsNormEpsilon),
    rope: readRope(config, differences.ropeTheta),
    queryKeyNorm: differences.queryKeyNorm,
    tiedEmbedding: config.boolean('tie_word_embeddings', false),
    feedForward: Array.from({ length: layers }, (_, layer) => feedForward(config, layer)),
  }
}

/** A plain SwiGLU layer. */
export function denseFeedForward(config: JsonObject): FeedForward {
  return { kind: 'dense', inner: config.integer('intermediate_size') }
}

function readHeadDim(config: JsonObject, width: number, heads: number, fallback?: number): number {
  if (!config.has('head_dim') && fallback === undefined && width % heads !== 0) {
    config.fail('head_dim', `a number, since hidden_size ${width} is no multiple of num_attention_heads ${heads}`)
  }
  const headDim = config.integer('head_dim', { fallback: fallback ?? width / heads, most: 1024 })
  if (headDim % 2 !== 0) config.fail('head_dim', `an even number (it is ${headDim})`)
  return headDim
}

function readRope(config: JsonObject, defaultTheta: number): ModelSpec['rope'] {
  // transformers 5 moved both entries into `rope_parameters`.
  const parameters = config.object('rope_parameters')
  const theta = (parameters ?? config).positive('rope_theta', config.positive('rope_theta', defaultTheta))
  return { theta, scaling: readScaling(parameters ?? config.object('rope_scaling')) }
}

/** Every entry that the kind of scaling reads, checked. */
function readScaling(entries: JsonObject | undefined): RopeScaling | null {
  if (entries === undefined) return null
  const key = entries.has('rope_type') || !entries.has('type') ? 'rope_type' : 'type'
  const type = entries.string(key, 'default')
  if (entries.positive('partial_rotary_factor', 1) !== 1) {
    entries.fail('partial_rotary_factor', '1', 'This feature is not supported.')
  }
  if (type === 'default') return { rope_type: type }
  if (type === 'linear') return { rope_type: type, factor: entries.positive('factor') }
  if (type !== 'llama3') return entries.fail(key, '"default", "linear" or "llama3"', 'This feature is not supported.')
  const low = entries.positive('low_freq_factor')
  const high = entries.positive('high_freq_factor')
  if (high <= low) entries.fail('high_freq_factor', `a number above low_freq_factor (${low})`)
  return {
    rope_type: type,
    factor: entries.positive('factor'),
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: entries.positive('original_max_position_embeddings'),
  }
}

function rejectUnsupported(config: JsonObject): void {
  const fix = 'This feature is not supported.'
  for (const key of ['attention_bias', 'mlp_bias', 'use_sliding_window']) {
    if (config.boolean(key, false)) config.fail(key, 'false', fix)
  }
  if (config.string('hidden_act', 'silu') !== 'silu') config.fail('hidden_act', '"silu"', fix)
  if (config.positive('partial_rotary_factor', 1) !== 1) config.fail('partial_rotary_factor', '1', fix)
  if (config.strings('layer_types', []).some((type) => type !== 'full_attention')) {
    config.fail('layer_types', '"full_attention" everywhere', fix)
  }
  if (config.has('quantization_config')) {
    config.fail(
      'quantization_config',
      'no entry',
      'Use the checkpoint that was not quantized yet, in F32, F16 or BF16; a folder made for MLX is for mlx-lm.',
    )
  }
}
