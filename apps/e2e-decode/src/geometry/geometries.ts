/**
 * Shapes of well-known models, to run without their weights. From the public config.json of Qwen/Qwen3-0.6B,
 * meta-llama/Llama-3.2-1B and meta-llama/Meta-Llama-3-8B.
 */
import type { FeedForward, ModelSpec } from '../architectures/index.js'
import { failOption } from '../errors.js'

interface Geometry extends Omit<ModelSpec, 'feedForward'> {
  readonly inner: number
}

const llama3Scaling = {
  rope_type: 'llama3',
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
}

export const geometries: Readonly<Record<string, Geometry>> = {
  'qwen3-0.6b': {
    architecture: 'qwen3',
    vocabSize: 151936,
    width: 1024,
    layers: 28,
    inner: 3072,
    heads: 16,
    kvHeads: 8,
    headDim: 128,
    maxPositions: 40960,
    rmsNormEpsilon: 1e-6,
    rope: { theta: 1e6, scaling: null },
    queryKeyNorm: true,
    tiedEmbedding: true,
  },
  'llama-3.2-1b': {
    architecture: 'llama',
    vocabSize: 128256,
    width: 2048,
    layers: 16,
    inner: 8192,
    heads: 32,
    kvHeads: 8,
    headDim: 64,
    maxPositions: 131072,
    rmsNormEpsilon: 1e-5,
    rope: { theta: 500000, scaling: llama3Scaling },
    queryKeyNorm: false,
    tiedEmbedding: true,
  },
  'llama-3-8b': {
    architecture: 'llama',
    vocabSize: 128256,
    width: 4096,
    layers: 32,
    inner: 14336,
    heads: 32,
    kvHeads: 8,
    headDim: 128,
    maxPositions: 8192,
    rmsNormEpsilon: 1e-5,
    rope: { theta: 500000, scaling: null },
    queryKeyNorm: false,
    tiedEmbedding: false,
  },
}

/** A geometry by name, with fewer layers or another vocabulary when asked for. @throws OptionError */
export function geometrySpec(name: string, options: { layers?: number; vocabSize?: number } = {}): ModelSpec {
  if (!Object.hasOwn(geometries, name)) {
    failOption(
      'geometry',
      `one of ${Object.keys(geometries).join(', ')}`,
      JSON.stringify(name),
      'Pass one of these names.',
    )
  }
  const { inner, ...geometry } = geometries[name]
  const { layers = geometry.layers, vocabSize = geometry.vocabSize } = options
  for (const [key, value, most] of [
    ['layers', layers, 1024],
    ['vocab', vocabSize, 2 ** 24],
  ] as const) {
    // prettier-ignore
    if (!Number.isInteger(value) || value < 1 || value > most) {
      failOption('geometry', `${key} to be an integer from 1 to ${most}`, String(value), 'Leave it out for the original.')
    }
  }
  const feed: FeedForward = { kind: 'dense', inner }
  return { ...geometry, layers, vocabSize, feedForward: Array.from({ length: layers }, () => feed) }
}
