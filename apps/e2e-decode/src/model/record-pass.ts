/** Records one pass through the model: tokens and their positions in, logits out. What changes between passes is in buffers. */
import { type ExpertsSpec, type MatmulSpec, type Precision, recordExperts, recordMatmul } from '@metal-fp4/dispatch'
import {
  attentionCombine,
  attentionDecode,
  attentionPrefill,
  embeddingRows,
  embeddingRowsFp4,
  moeCombine,
  moeRouterTopk,
  record,
  rmsNorm,
  ropeKvAppend,
} from '@metal-fp4/kernels'
import type { CommandGraph, DeviceBuffer, KernelLibrary } from '@metal-fp4/metal-core'
import type { FeedForward, ModelSpec } from '../architectures/index.js'
import type { DeviceWeights } from './device-weights.js'
import { type KvPool, blockSize } from './kv-pool.js'
import { type Workspace, mostDecodeRows } from './workspace.js'

/** Positions that one part of a split attention covers; absolute, so that the bits do not depend on the context. */
export const splitLength = 256

/** What every pass of a model is made of. */
export interface PassParts {
  readonly library: KernelLibrary
  readonly spec: ModelSpec
  readonly weights: DeviceWeights
  readonly pool: KvPool
  /** float32 [pool.capacity, headDim/2, 2]: cosines and sines. */
  readonly rotations: DeviceBuffer
  /** Of products with FP4 weights; left out, the device's default. */
  readonly precision?: Precision
}

export interface PassShape {
  /** Rows: tokens of one sequence. */
  readonly m: number
  /** Splits of the context that up to 8 rows look at; positions lie below splits * splitLength. */
  readonly splits: number
  /** Whether logits of all rows are wanted. */
  readonly logits: boolean
}

/** Records the pass over the workspace's tokens and positions. */
export function recordPass(graph: CommandGraph, parts: PassParts, space: Workspace, shape: PassShape): void {
  const { library, spec, weights } = parts
  const { m } = shape
  const { width, rmsNormEpsilon: epsilon } = spec
  const { hidden, normed } = space
  const normalize = (name: string): void => {
    const args = { input: hidden, weight: weights.vector(name), out: normed }
    record(graph, library, rmsNorm, { problem: { m, k: width, epsilon }, args }, name)
  }
  recordEmbedding(graph, parts, space, m)
  for (const [layer, feed] of spec.feedForward.entries()) {
    const at = (name: string): string => `layers.${layer}.${name}`
    normalize(at('inputNorm'))
    recordAttention(graph, parts, space, shape, layer)
    normalize(at('postNorm'))
    if (feed.kind === 'experts') recordExpertLayer(graph, parts, space, m, at, feed)
    else {
      const gateUp = { m, activations: normed, weights: weights.matrix(at('gateUp')), out: space.inner }
      multiply(graph, parts, space, { ...gateUp, label: at('gateUp') })
      const down = { m, activations: space.inner, weights: weights.matrix(at('down')), residual: hidden, out: hidden }
      multiply(graph, parts, space, { ...down, label: at('down') })
    }
  }
  if (!shape.logits) return
  normalize('finalNorm')
  const output = weights.matrix(spec.tiedEmbedding ? 'embedding' : 'output')
  multiply(graph, parts, space, { m, activations: normed, weights: output, out: space.logits(), label: 'output' })
}

/** A product with the precision of the model and the scratch memory of the workspace. */
function multiply(graph: CommandGraph, parts: PassParts, { scratch }: Workspace, spec: MatmulSpec): void {
  recordMatmul(graph, parts.library, { ...spec, ...precisionOf(parts, spec), ...(scratch && { scratch }) })
}

function multiplyExperts(graph: CommandGraph, parts: PassParts, { scratch }: Workspace, spec: ExpertsSpec): void {
  recordExperts(graph, parts.library, { ...spec, ...precisionOf(parts, spec), ...(scratch && { scratch }) })
}

/** What is not quantized has one precision only. */
export function precisionOf(
  { precision }: Pick<PassParts, 'precision'>,
  { weights }: Pick<MatmulSpec, 'weights'>,
): { readonly precision?: Precision } {
  return precision !== undefined && 'codes' in weights ? { precision } : {}
}

function recordEmbedding(
  graph: CommandGraph,
  { library, spec, weights }: PassParts,
  space: Workspace,
  m: number,
): void {
  const table = weights.matrix('embedding')
  const { tokens, hidden: out } = space
  const problem = { m, n: spec.vocabSize, k: spec.width }
  if (!('codes' in table)) {
    const args = { tokens, table: table.weights, out }
    record(graph, library, embeddingRows, { problem, constants: { type: table.type }, args })
    return
  }
  const { format, groupSize, codes, scales, columnScales } = table
  const args = { tokens, codes, scales, columnScales, out }
  record(graph, library, embeddingRowsFp4, { problem: { ...problem, groupSize }, constants: { format }, args })
}

function recordAttention(
  graph: CommandGraph,
  parts: PassParts,
  space: Workspace,
  shape: PassShape,
  layer: number,
): void {
  const { library, spec, weights, pool, rotations } = parts
  const { m, splits } = shape
  const { heads, kvHeads, headDim, rmsNormEpsilon: epsilon } = spec
  const { normed, queryKeyValue: qkv, queries, attended, partials, positions, hidden } = space
  const at = (name: string): string => `layers.${layer}.${name}`
  const fused = weights.matrix(at('queryKeyValue'))
  multiply(graph, parts, space, { m, activations: normed, weights: fused, out: qkv, label: at('queryKeyValue') })

  const cache = { keys: pool.keys[layer], values: pool.values[layer], positions, blockTable: pool.table }
  // One sequence: all rows share the table.
  const paged = { blockSize, tableStride: 0, maxBlocks: pool.blocks, poolBlocks: pool.blocks }
  const norm = spec.queryKeyNorm ? 'on' : 'off'
  const queryNorm = spec.queryKeyNorm ? weights.vector(at('queryNorm')) : null
  const keyNorm = spec.queryKeyNorm ? weights.vector(at('keyNorm')) : null
  record(graph, library, ropeKvAppend, {
    problem: { m, heads, kvHeads, headDim, maxPositions: pool.capacity, ...paged, epsilon },
    constants: { pairing: 'halfSplit', norm },
    args: { qkv, queryNorm, keyNorm, rotations, ...cache, queries },
  })
  const common = { m, heads, headDim, splitLength }
  const scale = 1 / Math.sqrt(headDim)
  if (m <= mostDecodeRows) {
    const problem = { ...common, kvHeads, ...paged, splits, scale }
    record(graph, library, attentionDecode, { problem, args: { queries, ...cache, partials } })
    record(graph, library, attentionCombine, {
      problem: { ...common, splits },
      args: { partials, positions, out: attended },
    })
  } else {
    const problem = { ...common, kvHeads, ...paged, scale }
    record(graph, library, attentionPrefill, { problem, args: { queries, ...cache, out: attended } })
  }
  const output = {
    m,
    activations: attended,
    weights: weights.matrix(at('attentionOutput')),
    residual: hidden,
    out: hidden,
  }
  multiply(graph, parts, space, { ...output, label: at('attentionOutput') })
}

function recordExpertLayer(
  graph: CommandGraph,
  parts: PassParts,
  space: Workspace,
  m: number,
  at: (name: string) => string,
  feed: FeedForward & { kind: 'experts' },
): void {
  const { library, spec, weights } = parts
  const { experts, topK, scoring, normalize, scalingFactor } = feed
  const { normed, scores, ids, inner, expertOut, hidden } = space
  multiply(graph, parts, space, {
    m,
    activations: normed,
    weights: weights.matrix(at('router')),
    out: scores,
    label: at('router'),
  })
  record(graph, library, moeRouterTopk, {
    problem: { m, n: experts, topK, scalingFactor },
    constants: { scoring, normalize: normalize ? 'on' : 'off', bias: 'off' },
    args: { logits: scores, ids, weights: space.weights },
  })
  const shared = { m, topK, ids }
  const gateUp = weights.matrix(at('gateUp'))
  multiplyExperts(graph, parts, space, {
    ...shared,
    activations: normed,
    weights: gateUp,
    out: inner,
    input: 'shared',
    label: at('gateUp'),
  })
  const down = weights.matrix(at('down'))
  multiplyExperts(graph, parts, space, {
    ...shared,
    activations: inner,
    weights: down,
    out: expertOut,
    input: 'perSlot',
    label: at('down'),
  })
  record(graph, library, moeCombine, {
    problem: { m, k: spec.width, topK },
    constants: { residual: 'on' },
    args: { expertOut, weights: space.weights, residual: hidden, out: hidden },
  })
}
