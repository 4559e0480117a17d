/** What a model is and what it costs. */
import { type Fp4Weights, type Precision, type Weights, profileOfLibrary, selectKernel } from '@metal-fp4/dispatch'
import type { ModelSpec } from '../architectures/index.js'
import { llamaNames } from '../architectures/names.js'
import { KvPool } from './kv-pool.js'
import type { ModelParts } from './model.js'
import { type WeightDeclaration, weightCount, weightTable } from './weight-table.js'

export interface ModelDescription {
  readonly source: string
  readonly architecture: string
  readonly layers: number
  readonly vocabSize: number
  readonly contextLength: number
  /** Weights, and those that a token uses: of experts only the chosen ones, of an embedding table one row. */
  readonly parameters: number
  readonly activeParameters: number
  /** Formats of the projections: 'fp4', 'mxfp4', 'nvfp4', 'f32', 'f16', 'bf16'; usually one. */
  readonly formats: readonly string[]
  /** Of fp4: weights that share a scale. */
  readonly groupSize: number | undefined
  /** Bytes of all weights on the device. */
  readonly weightBytes: number
  /** Bytes of weights that a decode step reads. */
  readonly bytesPerToken: number
  /** Bytes of keys and values for each position of the context. */
  readonly cacheBytesPerToken: number
  /** What products with the projections are computed in; float32 where they are not quantized. */
  readonly precision: Precision
}

export function describeModel(parts: ModelParts): ModelDescription {
  const { source, spec, weights, pool } = parts
  const table = weightTable(spec, llamaNames)
  const formats = new Set<string>()
  const precisions = new Set<Precision>()
  let groupSize: number | undefined
  const total = { parameters: 0, active: 0, bytes: 0, read: 0 }
  for (const declaration of table) {
    const count = weightCount(declaration)
    const share = shareOf(spec, declaration)
    const bytes = declaration.kind === 'vector' ? count * 4 : bytesOf(weights.matrix(declaration.name))
    total.parameters += count
    total.active += count * share
    total.bytes += bytes
    total.read += bytes * share
    if (declaration.kind === 'matrix' && declaration.role === 'projection') {
      const matrix = weights.matrix(declaration.name)
      formats.add('codes' in matrix ? matrix.format : matrix.type)
      precisions.add('codes' in matrix ? precisionOfProduct(parts, matrix) : 'float32')
      if ('codes' in matrix && matrix.format === 'fp4') groupSize = matrix.groupSize
    }
  }
  return {
    source,
    architecture: spec.architecture,
    layers: spec.layers,
    vocabSize: spec.vocabSize,
    contextLength: pool.capacity,
    parameters: total.parameters,
    activeParameters: Math.round(total.active),
    formats: [...formats],
    groupSize,
    weightBytes: total.bytes,
    bytesPerToken: Math.round(total.read),
    cacheBytesPerToken: KvPool.bytesPerPosition(spec),
    precision: precisions.has('int8') ? 'int8' : 'float32',
  }
}

function precisionOfProduct({ library, precision }: ModelParts, { n, k, format, groupSize }: Fp4Weights): Precision {
  const problem = { m: 1, n, k, format, groupSize, ...(precision !== undefined && { precision }) }
  return selectKernel(problem, profileOfLibrary(library)).precision
}

/** The part of a weight that one token reads. */
export function shareOf(spec: ModelSpec, declaration: WeightDeclaration): number {
  if (declaration.kind === 'vector') return 1
  const { name, experts, role } = declaration
  if (role === 'embedding') return 1 / spec.vocabSize
  const layer = /^layers\.(\d+)\./.exec(name)
  const feed = layer && spec.feedForward[Number(layer[1])]
  return experts > 1 && feed && feed.kind === 'experts' ? feed.topK / feed.experts : 1
}

function bytesOf(weights: Weights): number {
  if (!('codes' in weights)) return weights.weights.byteLength
  return weights.codes.byteLength + weights.scales.byteLength + (weights.columnScales?.byteLength ?? 0)
}
