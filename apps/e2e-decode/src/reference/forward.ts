/** A whole model in float64: tokens in, logits of every position out. */
import type { ModelSpec } from '../architectures/index.js'
import { frequenciesOf } from './frequencies.js'
import { type Rows, attention, matmul, rmsNorm, rotate, route, swiglu } from './layers.js'

/** Weights by the names of `weightTable`, dequantized: vectors, and matrices `[experts, stacks, n, k]`. */
export interface ReferenceWeights {
  get(name: string): Promise<Float32Array>
}

/** Logits `[tokens.length, vocabSize]`. Nothing is cached between calls, nothing is rounded on the way. */
export async function referenceLogits(
  spec: ModelSpec,
  weights: ReferenceWeights,
  tokens: readonly number[],
): Promise<Float64Array> {
  const { width, vocabSize, rmsNormEpsilon } = spec
  const embedding = await weights.get('embedding')
  const hidden = new Float64Array(tokens.length * width)
  for (const [row, token] of tokens.entries()) {
    hidden.set(embedding.subarray(token * width, (token + 1) * width), row * width)
  }
  for (let layer = 0; layer < spec.layers; layer++) {
    const at = (name: string): Promise<Float32Array> => weights.get(`layers.${layer}.${name}`)
    add(hidden, await attentionBlock(spec, at, rmsNorm(hidden, await at('inputNorm'), rmsNormEpsilon)))
    add(hidden, await feedForwardBlock(spec, layer, at, rmsNorm(hidden, await at('postNorm'), rmsNormEpsilon)))
  }
  const output = spec.tiedEmbedding ? embedding : await weights.get('output')
  return matmul(rmsNorm(hidden, await weights.get('finalNorm'), rmsNormEpsilon), output, vocabSize, width)
}

type LayerWeights = (name: string) => Promise<Float32Array>

async function attentionBlock(spec: ModelSpec, at: LayerWeights, x: Rows): Promise<Rows> {
  const { width, heads, kvHeads, headDim, rmsNormEpsilon } = spec
  const fused = await at('queryKeyValue')
  const queryCount = heads * headDim
  const keyCount = kvHeads * headDim
  let queries = matmul(x, fused, queryCount, width)
  let keys = matmul(x, fused, keyCount, width, queryCount * width)
  const values = matmul(x, fused, keyCount, width, (queryCount + keyCount) * width)
  if (spec.queryKeyNorm) {
    queries = rmsNorm(queries, await at('queryNorm'), rmsNormEpsilon)
    keys = rmsNorm(keys, await at('keyNorm'), rmsNormEpsilon)
  }
  const frequencies = frequenciesOf(headDim, spec.rope)
  rotate(queries, heads, frequencies)
  rotate(keys, kvHeads, frequencies)
  return matmul(
    attention(queries, keys, values, heads, kvHeads, headDim),
    await at('attentionOutput'),
    width,
    queryCount,
  )
}

async function feedForwardBlock(spec: ModelSpec, layer: number, at: LayerWeights, x: Rows): Promise<Rows> {
  const { width } = spec
  const feed = spec.feedForward[layer]
  const gateUp = await at('gateUp')
  const down = await at('down')
  const expertOutput = (rows: Rows, expert: number): Rows => {
    const matrix = feed.inner * width
    const gate = matmul(rows, gateUp, feed.inner, width, 2 * expert * matrix)
    const up = matmul(rows, gateUp, feed.inner, width, (2 * expert + 1) * matrix)
    return matmul(swiglu(gate, up), down, width, feed.inner, expert * matrix)
  }
  if (feed.kind === 'dense') return expertOutput(x, 0)
  const scores = matmul(x, await at('router'), feed.experts, width)
  const out = new Float64Array(x.length)
  for (let row = 0; row * width < x.length; row++) {
    const logits = scores.subarray(row * feed.experts, (row + 1) * feed.experts)
    const input = x.subarray(row * width, (row + 1) * width)
    for (const { expert, weight } of route(logits, feed)) {
      for (const [i, value] of expertOutput(input, expert).entries()) out[row * width + i] += weight * value
    }
  }
  return out
}

function add(into: Rows, rows: Rows): void {
  for (let i = 0; i < into.length; i++) into[i] += rows[i]
}
