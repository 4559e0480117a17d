/**
 * Every weight of a model, declared once. The readers of checkpoints, the packed folder, synthetic weights, the
 * float64 reference and `describe()` all go by this table.
 */
import type { ModelSpec, TensorNames } from '../architectures/index.js'

export interface VectorDeclaration {
  readonly kind: 'vector'
  /** Our name: `layers.3.inputNorm`. */
  readonly name: string
  readonly length: number
  /** The checkpoint's name. */
  readonly tensor: string
}

/** A matrix `[experts, stacks, n, k]`: n outputs, k inputs. */
export interface MatrixDeclaration {
  readonly kind: 'matrix'
  readonly name: string
  /** `router` stays as the checkpoint has it, and so does an `embedding` that only gives rows. */
  readonly role: 'projection' | 'router' | 'embedding'
  readonly experts: number
  /** 2 for gate and up, which one kernel multiplies together; otherwise 1. */
  readonly stacks: 1 | 2
  /** Outputs of one stack. */
  readonly n: number
  readonly k: number
  /** The tensors that follow each other along the outputs of all stacks; nvfp4 has a global scale for each. */
  readonly parts: readonly MatrixPart[]
}

export interface MatrixPart {
  readonly rows: number
  /** The checkpoint's name, of shape [rows, k]. */
  readonly tensor: (expert: number) => string
}

export type WeightDeclaration = VectorDeclaration | MatrixDeclaration

/** The weights of a model, in the order in which a step reads them. */
export function weightTable(spec: ModelSpec, names: TensorNames): WeightDeclaration[] {
  const { vocabSize, width } = spec
  const table: WeightDeclaration[] = []
  table.push(
    matrix('embedding', spec.tiedEmbedding ? 'projection' : 'embedding', width, [part(vocabSize, names.embedding)]),
  )
  for (let layer = 0; layer < spec.layers; layer++) table.push(...layerWeights(spec, names, layer))
  table.push(vector('finalNorm', width, names.finalNorm))
  if (!spec.tiedEmbedding) table.push(matrix('output', 'projection', width, [part(vocabSize, names.output)]))
  return table
}

/** Values in a weight. */
export function weightCount(declaration: WeightDeclaration): number {
  if (declaration.kind === 'vector') return declaration.length
  return declaration.experts * declaration.stacks * declaration.n * declaration.k
}

function layerWeights(spec: ModelSpec, names: TensorNames, layer: number): WeightDeclaration[] {
  const { width, heads, kvHeads, headDim } = spec
  const tensor = names.layer(layer)
  const at = (name: string): string => `layers.${layer}.${name}`
  const attention: WeightDeclaration[] = [
    vector(at('inputNorm'), width, tensor.inputNorm),
    matrix(at('queryKeyValue'), 'projection', width, [
      part(heads * headDim, tensor.query),
      part(kvHeads * headDim, tensor.key),
      part(kvHeads * headDim, tensor.value),
    ]),
    ...(spec.queryKeyNorm
      ? [vector(at('queryNorm'), headDim, tensor.queryNorm), vector(at('keyNorm'), headDim, tensor.keyNorm)]
      : []),
    matrix(at('attentionOutput'), 'projection', heads * headDim, [part(width, tensor.attentionOutput)]),
    vector(at('postNorm'), width, tensor.postNorm),
  ]
  const feed = spec.feedForward[layer]
  if (feed.kind === 'dense') {
    const { inner } = feed
    attention.push(
      matrix(at('gateUp'), 'projection', width, [part(inner, tensor.gate), part(inner, tensor.up)], 1, 2),
      matrix(at('down'), 'projection', inner, [part(width, tensor.down)]),
    )
    return attention
  }
  const { inner, experts } = feed
  const { expertGate, expertUp, expertDown } = tensor
  attention.push(
    matrix(at('router'), 'router', width, [part(experts, tensor.router)]),
    matrix(at('gateUp'), 'projection', width, [part(inner, expertGate), part(inner, expertUp)], experts, 2),
    matrix(at('down'), 'projection', inner, [part(width, expertDown)], experts),
  )
  return attention
}

function vector(name: string, length: number, tensor: string): VectorDeclaration {
  return { kind: 'vector', name, length, tensor }
}

function part(rows: number, tensor: string | ((expert: number) => string)): MatrixPart {
  return { rows, tensor: typeof tensor === 'string' ? () => tensor : tensor }
}

function matrix(
  name: string,
  role: MatrixDeclaration['role'],
  k: number,
  parts: readonly MatrixPart[],
  experts = 1,
  stacks: 1 | 2 = 1,
): MatrixDeclaration {
  const n = parts.reduce((sum, { rows }) => sum + rows, 0) / stacks
  return { kind: 'matrix', name, role, experts, stacks, n, k, parts }
}
