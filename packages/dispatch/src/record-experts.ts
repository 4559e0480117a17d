/** The expert matrices of a mixture-of-experts layer, recorded into a graph. */
import {
  type ConstantsOf,
  type ProblemOf,
  moeGemvDense,
  moeGemvFp4,
  quantizeRowsInt8,
  record,
  resolveKernel,
} from '@metal-fp4/kernels'
import type { BufferView, CommandGraph, DeviceBuffer, KernelLibrary } from '@metal-fp4/metal-core'
import { fail } from './errors.js'
import { defaultPrecision } from './policy/precision.js'
import type { Precision } from './problem.js'
import { recordBytes } from './record-matmul.js'
import { type QuantizePass, isLegal, rowsConstant } from './selection.js'
import { type Fp4Weights, type Weights, isFp4Weights } from './weights.js'

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
  /** Of FP4 weights. Default: the device's (`defaultPrecision`), where it is legal. */
  readonly precision?: Precision
  /** At least `scratchForExperts` bytes, free from this product's first dispatch to its last. Not needed when that is 0. */
  readonly scratch?: DeviceBuffer | BufferView | undefined
  readonly label?: string
}

/**
 * Records out[m, s] = x W[ids[m, s]] with each chosen expert read once for up to 8 of its rows; weights of two stacks get
 * silu(gate) * up.
 * @throws DispatchError when the parts do not fit one another, KernelArgumentError when a buffer is too small.
 */
export function recordExperts(graph: CommandGraph, library: KernelLibrary, spec: ExpertsSpec): void {
  const { m, topK, activations, ids, weights, out, input, scratch, label } = spec
  const { n, k, experts } = weights
  if (!(topK >= 1 && topK <= experts)) {
    fail('recordExperts', `topK of 1 to the ${experts} experts of the weights`, String(topK), 'Check the weights.')
  }
  const epilogue = weights.stacks === 2 ? 'swiglu' : 'none'
  if (!isFp4Weights(weights)) {
    const constants = { type: weights.type, epilogue, input, rows: rowsConstant(m) } as const
    const args = { activations, ids, weights: weights.weights, out }
    record(graph, library, moeGemvDense, { problem: { m, n, k, experts, topK }, constants, args }, label)
    return
  }
  const { order, codes, scales, columnScales } = weights
  if (order !== 'columns64')
    fail('recordExperts', "weights in order 'columns64'", order, 'Upload them without an order.')
  const { problem, constants, prepare, scratchBytes } = chooseForExperts(library, spec, weights)
  const args = { activations, ids, codes, scales, columnScales, out }
  if (prepare === undefined) {
    record(graph, library, moeGemvFp4, { problem, constants, args }, label)
    return
  }
  if (scratch === undefined) {
    const got = `none in precision ${constants.precision}`
    fail('recordExperts', `scratch of ${scratchBytes} bytes`, got, 'Ask scratchForExperts how much, and pass it.')
  }
  recordBytes(graph, library, prepare, { activations, out: scratch }, label)
  record(graph, library, moeGemvFp4, { problem, constants, args: { ...args, activations: scratch } }, label)
}

/** What of an expert product decides how it is computed. */
export type ExpertsShape = Pick<ExpertsSpec, 'm' | 'topK' | 'weights' | 'input' | 'precision'>

/** Bytes of scratch memory for an expert product: what `ExpertsSpec.scratch` has to hold. @throws DispatchError as recordExperts. */
export function scratchForExperts(library: Pick<KernelLibrary, 'backend'>, spec: ExpertsShape): number {
  return isFp4Weights(spec.weights) ? chooseForExperts(library, spec, spec.weights).scratchBytes : 0
}

interface ExpertsChoice {
  readonly problem: ProblemOf<typeof moeGemvFp4>
  readonly constants: Required<ConstantsOf<typeof moeGemvFp4>>
  readonly prepare?: QuantizePass
  readonly scratchBytes: number
}

function chooseForExperts(
  { backend }: Pick<KernelLibrary, 'backend'>,
  spec: ExpertsShape,
  weights: Fp4Weights,
): ExpertsChoice {
  const { m, topK, input } = spec
  const { n, k, experts, groupSize, format } = weights
  const problem = { m, n, k, groupSize, experts, topK }
  const epilogue = weights.stacks === 2 ? 'swiglu' : 'none'
  const shared = { format, epilogue, input, rows: rowsConstant(m) } as const
  const { precision = defaultPrecision(backend) } = spec
  const constants = { ...shared, precision }
  const int8 = precision === 'int8' && isLegal(moeGemvFp4, problem, constants, backend)
  if (spec.precision === 'int8' && !int8) {
    const got = `groups of ${groupSize} on ${backend}`
    fail('recordExperts', 'a CPU and groups in steps of 16 for precision int8', got, 'Take precision float32.')
  }
  if (!int8) return { problem, constants: { ...shared, precision: 'float32' }, scratchBytes: 0 }
  const prepare = { definition: quantizeRowsInt8, problem: { m: input === 'perSlot' ? m * topK : m, k } }
  const scratchBytes = resolveKernel(prepare.definition, prepare.problem).args[1].bytes
  return { problem, constants, prepare, scratchBytes }
}
