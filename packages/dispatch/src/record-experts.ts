/** The expert matrices of a mixture-of-experts layer, recorded into a graph. */
import { moeGemvDense, moeGemvFp4, record } from '@metal-fp4/kernels'
import type { BufferView, CommandGraph, DeviceBuffer, KernelLibrary } from '@metal-fp4/metal-core'
import { fail } from './errors.js'
import { rowsConstant } from './selection.js'
import { type Weights, isFp4Weights } from './weights.js'

export interface ExpertsSpec {
  /** Rows of activations. */
  readonly m: number
  /** Experts chosen for each row. */
  readonly topK: number
  /** float32: [m, k] when `input` is 'shared', [m, topK, k] when 'perSlot'. */
  readonly activations: DeviceBuffer | BufferView
  /** uint32 [m, topK]: the expert of each slot, as moe_router_topk gives them. */
  readonly ids: DeviceBuffer | BufferView
  readonly weights: Weights
  /** float32 [m, topK, n]. */
  readonly out: DeviceBuffer | BufferView
  /** Whether all slots of a row have the same input (gate and up) or each its own (down). */
  readonly input: 'shared' | 'perSlot'
  readonly label?: string
}

/**
 * Records out[m, s] = x W[ids[m, s]] with each chosen expert read once for up to 8 of its rows; weights of two stacks get
 * silu(gate) * up.
 * @throws DispatchError when the parts do not fit one another, KernelArgumentError when a buffer is too small.
 */
export function recordExperts(graph: CommandGraph, library: KernelLibrary, spec: ExpertsSpec): void {
  const { m, topK, activations, ids, weights, out, input, label } = spec
  const { n, k, experts } = weights
  if (!(topK >= 1 && topK <= experts)) {
    fail('recordExperts', `topK of 1 to the ${experts} experts of the weights`, String(topK), 'Check the weights.')
  }
  const epilogue = weights.stacks === 2 ? 'swiglu' : 'none'
  const rows = rowsConstant(m)
  if (!isFp4Weights(weights)) {
    const constants = { type: weights.type, epilogue, input, rows } as const
    const args = { activations, ids, weights: weights.weights, out }
    record(graph, library, moeGemvDense, { problem: { m, n, k, experts, topK }, constants, args }, label)
    return
  }
  const { format, groupSize, order, codes, scales, columnScales } = weights
  if (order !== 'columns64')
    fail('recordExperts', "weights in order 'columns64'", order, 'Upload them without an order.')
  const constants = { format, epilogue, input, rows } as const
  const args = { activations, ids, codes, scales, columnScales, out }
  record(graph, library, moeGemvFp4, { problem: { m, n, k, groupSize, experts, topK }, constants, args }, label)
}
