/**
 * Selection: which kernels and variants are legal for a problem. Pure, and taken from the manifest's own constraints; what
 * is best among them is for the policy to say.
 */
import { isFp4Format } from '@metal-fp4/fp4-quant'
import {
  type KernelDefinition,
  KernelArgumentError,
  combinePartials,
  decodeGemvFp4Wide,
  gemmDense,
  gemmFp4,
  gemvDense,
  gemvFp4,
  gemvFp4Partial,
  marlinGemmFp4,
  orderOf,
  quantizeRowsInt8,
  resolveKernel,
} from '@metal-fp4/kernels'
import type { Backend } from '@metal-fp4/metal-core'
import { type Epilogue, type MatmulProblem, type Precision, type ResolvedProblem, resolveProblem } from './problem.js'

export type MatmulKernelName =
  | 'gemv_fp4'
  | 'gemv_fp4_partial'
  | 'gemm_fp4'
  | 'gemv_dense'
  | 'gemm_dense'
  | 'decode_gemv_fp4_wide'
  | 'marlin_gemm_fp4'

/** The first dispatch of a product in precision int8: it makes bytes of the activations, in scratch memory. */
export interface QuantizePass {
  readonly definition: typeof quantizeRowsInt8
  readonly problem: { readonly m: number; readonly k: number }
}

/** The second dispatch of a product whose K is split: it adds what the first one left in scratch memory. */
export interface CombinePass {
  readonly definition: typeof combinePartials
  readonly problem: { readonly m: number; readonly n: number; readonly splits: number }
  readonly constants: { readonly epilogue: Epilogue }
}

/** A kernel with its function constants, legal for the problem it was made for. */
export interface Candidate {
  readonly kernel: MatmulKernelName
  readonly definition: KernelDefinition
  /** Of gemm_fp4. */
  readonly tile?: 'rows8' | 'panel'
  /** The problem and the function constants in the kernel's own names. */
  readonly problem: Readonly<Record<string, number>>
  readonly constants: Readonly<Record<string, string>>
  readonly precision: Precision
  /** Candidates with the same order give the same bits. */
  readonly order: string
  /** Specified before this project and kept to compare with: only taken when asked for by name. */
  readonly baseline: boolean
  /** Of precision int8: the dispatch that has to come before it. */
  readonly prepare?: QuantizePass
  /** Of gemv_fp4_partial: the dispatch that has to follow it. */
  readonly combine?: CombinePass
  /** Bytes that the first of two dispatches hands to the second; 0 when there is one. */
  readonly scratchBytes: number
  /** Bytes of all arguments, of both dispatches where there are two: what the kernel moves at least. */
  readonly bytes: number
  /** Useful floating-point operations; a multiply-add is two. */
  readonly operations: number
}

/**
 * Every legal candidate for a problem on a backend; baselines last. Empty when none is.
 * @param splits parts that K may be cut into; 1 leaves out the kernel that does it.
 * @throws DispatchError for a bad problem.
 */
export function legalCandidates(problem: MatmulProblem, backend: Backend, splits = 1): readonly Candidate[] {
  const resolved = resolveProblem(problem, 'legalCandidates')
  const considered = isFp4Format(resolved.format) ? fp4Variants(resolved, splits) : denseVariants(resolved)
  return considered.flatMap((variant) => candidateOf(variant, resolved, backend) ?? [])
}

interface Variant {
  readonly definition: KernelDefinition & { readonly name: MatmulKernelName }
  readonly problem: Readonly<Record<string, number>>
  readonly constants: Readonly<Record<string, string>>
  readonly tile?: 'rows8' | 'panel'
  readonly precision?: Precision
  readonly baseline?: boolean
  readonly prepare?: QuantizePass
  readonly combine?: CombinePass
}

/** Whether a kernel takes a problem with these constants. */
export function isLegal(
  definition: KernelDefinition,
  problem: Readonly<Record<string, number>>,
  constants: Readonly<Record<string, string>>,
  backend: Backend,
): boolean {
  try {
    resolveKernel<KernelDefinition>(definition, problem, constants, backend)
    return true
  } catch (error) {
    if (error instanceof KernelArgumentError) return false
    throw error
  }
}

/** How many rows each value of the constant `rows` takes. */
export const rowsOf = { one: 1, two: 2, four: 4, eight: 8 } as const

/** The constant `rows` of the kernels for few rows: what they are compiled for. */
export function rowsConstant(m: number): keyof typeof rowsOf {
  return m === 1 ? 'one' : m === 2 ? 'two' : m <= 4 ? 'four' : 'eight'
}

function fp4Variants(resolved: ResolvedProblem, splits: number): Variant[] {
  const { m, n, k, groupSize, format, epilogue, precision } = resolved
  const problem = { m, n, k, groupSize }
  const constants = { format, epilogue, precision }
  const prepare: QuantizePass | undefined =
    precision === 'int8' ? { definition: quantizeRowsInt8, problem: { m, k } } : undefined
  const shared = { problem, precision, ...(prepare && { prepare }) }
  const tiled = (['rows8', 'panel'] as const).map((tile): Variant => ({
    definition: gemmFp4,
    ...shared,
    constants: { ...constants, tile },
    tile,
  }))
  const rows = rowsConstant(m)
  const partial: Variant = {
    definition: gemvFp4Partial,
    problem: { ...problem, splits },
    constants: { format, parts: epilogue === 'swiglu' ? 'two' : 'one', rows },
    combine: { definition: combinePartials, problem: { m, n, splits }, constants: { epilogue } },
  }
  const variants: Variant[] = [
    { definition: gemvFp4, ...shared, constants: { ...constants, rows } },
    ...(splits > 1 && precision === 'float32' ? [partial] : []),
    ...tiled,
  ]
  // The baselines know half scales and a plain product only.
  if (format !== 'fp4' || epilogue !== 'none' || precision !== 'float32') return variants
  const baseline = { problem: { M: m, N: n, K: k, group_size: groupSize }, constants: {}, baseline: true }
  return [...variants, { definition: decodeGemvFp4Wide, ...baseline }, { definition: marlinGemmFp4, ...baseline }]
}

function denseVariants({ m, n, k, format, epilogue }: ResolvedProblem): Variant[] {
  const shared = { problem: { m, n, k }, constants: { type: format, epilogue } }
  return [
    { definition: gemvDense, ...shared, constants: { ...shared.constants, rows: rowsConstant(m) } },
    { definition: gemmDense, ...shared },
  ]
}

function candidateOf(variant: Variant, { order }: ResolvedProblem, backend: Backend): Candidate | null {
  const { definition, problem, constants, tile, precision = 'float32', baseline = false, prepare, combine } = variant
  const passes: readonly KernelDefinition[] = [prepare?.definition, definition, combine?.definition].filter(
    (one) => one !== undefined,
  )
  if (passes.some(({ launch }) => launch[backend] === undefined)) return null
  if (definition.args.some(({ packing }) => packing !== undefined && packing !== order)) return null
  try {
    const first = resolveKernel<KernelDefinition>(definition, problem, constants, backend)
    const before = prepare && resolveKernel(prepare.definition, prepare.problem, {}, backend)
    const second = combine && resolveKernel(combine.definition, combine.problem, combine.constants, backend)
    return {
      kernel: definition.name,
      definition,
      ...(tile && { tile }),
      problem,
      constants,
      // How many splits there are is part of the order of the additions.
      precision,
      order: orderOf(definition, backend, constants) + (combine ? ` in ${combine.problem.splits}` : ''),
      baseline,
      ...(prepare && { prepare }),
      ...(combine && { combine }),
      scratchBytes: before?.args[1].bytes ?? second?.args[0].bytes ?? 0,
      bytes: first.bytes + (before?.bytes ?? 0) + (second?.bytes ?? 0),
      operations: first.operations + (before?.operations ?? 0) + (second?.operations ?? 0),
    }
  } catch (error) {
    if (error instanceof KernelArgumentError) return null
    throw error
  }
}
