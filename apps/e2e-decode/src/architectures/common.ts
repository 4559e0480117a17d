/** What the config.json of Llama and its descendants have in common. */
import { RopeError, type RopeScaling, ropeFrequencies } from '@metal-fp4/kernels'
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
  const scaling = (parameters ?? config.object('rope_scaling'))?.values as RopeScaling | undefined
  try {
    ropeFrequencies({ headDim: 2, theta, scaling: scaling ?? null })
  } catch (error) {
    if (!(error instanceof RopeError)) throw error
    config.fail(parameters ? 'rope_parameters' : 'rope_scaling', error.message.replace(/^\[.*?\] expected /, ''))
  }
  return { theta, scaling: scaling ?? null }
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
      'Use the checkpoint that was not quantized yet, in F32, F16 or BF16.',
    )
  }
}
