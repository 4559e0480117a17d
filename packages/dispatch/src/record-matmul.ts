/** One product, recorded into a graph with the kernel that selection and policy give. */
import { record } from '@metal-fp4/kernels'
import type { BufferView, CommandGraph, DeviceBuffer, KernelLibrary } from '@metal-fp4/metal-core'
import { fail } from './errors.js'
import type { Epilogue, MatmulProblem, Precision } from './problem.js'
import { type DeviceIdentity, profileOfLibrary } from './profile.js'
import { type Choice, selectKernel } from './select-kernel.js'
import type { MatmulKernelName, QuantizePass } from './selection.js'
import { type Fp4Weights, type Weights, isFp4Weights } from './weights.js'

export interface MatmulSpec<W extends Weights = Weights> {
  /** Rows of activations. */
  readonly m: number
  /** float32 [m, k] (half for the baseline kernels). */
  readonly activations: DeviceBuffer | BufferView
  readonly weights: W
  /** float32 [m, n] (half for the baseline kernels). */
  readonly out: DeviceBuffer | BufferView
  /** Default: 'swiglu' for weights of two stacks, 'add' when there is a residual, else 'none'. */
  readonly epilogue?: Epilogue
  /** float32 [m, n], added by the epilogue 'add'; may be `out`. */
  readonly residual?: DeviceBuffer | BufferView
  /** Default: the device's (`defaultPrecision`). */
  readonly precision?: Precision
  /** Take this kernel, whatever the policy says. */
  readonly kernel?: MatmulKernelName
  /** Cut K into this many ranges with gemv_fp4_partial, whatever the policy says. 1: not at all. */
  readonly splits?: number
  /** At least `scratchFor(problem, profile)` bytes, free from this product's first dispatch to its last. Not needed when that is 0. */
  readonly scratch?: DeviceBuffer | BufferView | undefined
  /** Whose policy decides. Default: that of the library's device. */
  readonly profile?: DeviceIdentity
  /** Names the dispatch in a profile. Default: the kernel's name. */
  readonly label?: string
}

/**
 * Records out = activations W, with FP4 or dense weights, and says which kernel it took.
 * @throws DispatchError when the parts do not fit one another, KernelArgumentError when a buffer is too small.
 */
export function recordMatmul(graph: CommandGraph, library: KernelLibrary, spec: MatmulSpec): Choice {
  const { weights, out, residual = null, scratch, label } = spec
  if (weights.experts !== 1) {
    fail('recordMatmul', 'weights of one matrix', `${weights.experts} experts`, 'Use recordExperts.')
  }
  const choice = choose(spec, library)
  const { definition, problem, constants, prepare, combine } = choice
  if (prepare === undefined && combine === undefined) {
    record(graph, library, definition, { problem, constants, args: argumentsOf(spec, choice) }, label)
    return choice
  }
  if (scratch === undefined) {
    const why = combine ? `in ${combine.problem.splits} splits` : `in precision ${choice.precision}`
    const got = `none for ${choice.kernel} ${why}`
    fail('recordMatmul', `scratch of ${choice.scratchBytes} bytes`, got, 'Ask scratchFor how much, and pass it.')
  }
  if (prepare) recordBytes(graph, library, prepare, { activations: spec.activations, out: scratch }, label)
  if (combine === undefined) {
    const args = argumentsOf({ ...spec, activations: scratch }, choice)
    record(graph, library, definition, { problem, constants, args }, label)
    return choice
  }
  const first = { problem, constants, args: argumentsOf({ ...spec, out: scratch }, choice) }
  record(graph, library, definition, first, label)
  const second = { problem: combine.problem, constants: combine.constants, args: { partials: scratch, residual, out } }
  record(graph, library, combine.definition, second, label === undefined ? undefined : `${label}, combined`)
  return choice
}

/** The dispatch that makes bytes of activations. */
export function recordBytes(
  graph: CommandGraph,
  library: KernelLibrary,
  { definition, problem }: QuantizePass,
  args: { readonly activations: DeviceBuffer | BufferView; readonly out: DeviceBuffer | BufferView },
  label: string | undefined,
): void {
  record(graph, library, definition, { problem, args }, label === undefined ? undefined : `${label}, activations`)
}

/** The kernel that recordMatmul takes for a product. @throws DispatchError as it does. */
export function choose(
  spec: Omit<MatmulSpec, 'activations' | 'out'>,
  library: Pick<KernelLibrary, 'info' | 'isa'>,
): Choice {
  const { kernel, splits, profile = profileOfLibrary(library) } = spec
  const options = { ...(kernel !== undefined && { kernel }), ...(splits !== undefined && { splits }) }
  return selectKernel(problemOf(spec), profile, options)
}

/** recordMatmul for FP4 weights. */
export function recordMatmulFp4(graph: CommandGraph, library: KernelLibrary, spec: MatmulSpec<Fp4Weights>): Choice {
  return recordMatmul(graph, library, spec)
}

function problemOf(spec: Omit<MatmulSpec, 'activations' | 'out'>): MatmulProblem {
  const { m, weights } = spec
  const { n, k } = weights
  const epilogue = epilogueOf(spec)
  const asked = spec.precision !== undefined && { precision: spec.precision }
  if (!isFp4Weights(weights)) return { m, n, k, format: weights.type, epilogue, ...asked }
  const { format, groupSize, order } = weights
  return { m, n, k, format, groupSize, epilogue, order, ...asked }
}

/** The epilogue asked for, or the one that the weights and the residual ask for; they have to agree. */
function epilogueOf({ weights, residual, epilogue }: Omit<MatmulSpec, 'activations' | 'out'>): Epilogue {
  const implied = weights.stacks === 2 ? 'swiglu' : residual ? 'add' : 'none'
  if (weights.stacks === 2 && residual) {
    fail('recordMatmul', 'no residual with weights of two stacks', 'one', 'Add it after the down projection.')
  }
  if (epilogue !== undefined && epilogue !== implied) {
    const got = `${weights.stacks} stacks and ${residual ? 'a' : 'no'} residual`
    fail(
      'recordMatmul',
      `what epilogue '${epilogue}' needs`,
      got,
      'swiglu: two stacks; add: a residual; none: neither.',
    )
  }
  return implied
}

function argumentsOf(
  spec: MatmulSpec,
  { baseline, combine }: Choice,
): Record<string, DeviceBuffer | BufferView | null> {
  const { activations, weights, out, residual = null } = spec
  if (!isFp4Weights(weights)) return { activations, weights: weights.weights, residual, out }
  const { codes, scales, columnScales } = weights
  if (combine) return { activations, codes, scales, columnScales, partials: out }
  if (baseline) return { A: activations, B: codes, scales, C: out }
  return { activations, codes, scales, columnScales, residual, out }
}
