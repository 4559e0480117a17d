/**
 * Selection: which kernels and variants are legal for a problem. Pure, and taken from the manifest's own constraints; what
 * is best among them is for the policy to say.
 */
import { isFp4Format } from '@metal-fp4/fp4-quant'
import {
  type KernelDefinition,
  KernelArgumentError,
  decodeGemvFp4Wide,
  gemmDense,
  gemmFp4,
  gemvDense,
  gemvFp4,
  marlinGemmFp4,
  resolveKernel,
} from '@metal-fp4/kernels'
import type { Backend } from '@metal-fp4/metal-core'
import { type MatmulProblem, type ResolvedProblem, resolveProblem } from './problem.js'

export type MatmulKernelName =
  'gemv_fp4' | 'gemm_fp4' | 'gemv_dense' | 'gemm_dense' | 'decode_gemv_fp4_wide' | 'marlin_gemm_fp4'

/** A kernel with its function constants, legal for the problem it was made for. */
export interface Candidate {
  readonly kernel: MatmulKernelName
  readonly definition: KernelDefinition
  /** Of gemm_fp4. */
  readonly tile?: 'rows8' | 'panel'
  /** The problem and the function constants in the kernel's own names. */
  readonly problem: Readonly<Record<string, number>>
  readonly constants: Readonly<Record<string, string>>
  /** Candidates with the same order give the same bits. */
  readonly order: string
  /** Specified before this project and kept to compare with: only taken when asked for by name. */
  readonly baseline: boolean
  /** Bytes of all arguments: what the kernel moves at least. */
  readonly bytes: number
  /** Useful floating-point operations; a multiply-add is two. */
  readonly operations: number
}

/** Every legal candidate for a problem on a backend; baselines last. Empty when none is. @throws DispatchError for a bad problem. */
export function legalCandidates(problem: MatmulProblem, backend: Backend): readonly Candidate[] {
  const resolved = resolveProblem(problem, 'legalCandidates')
  const considered = isFp4Format(resolved.format) ? fp4Variants(resolved) : denseVariants(resolved)
  return considered.flatMap((variant) => candidateOf(variant, resolved, backend) ?? [])
}

interface Variant {
  readonly definition: KernelDefinition & { readonly name: MatmulKernelName }
  readonly problem: Readonly<Record<string, number>>
  readonly constants: Readonly<Record<string, string>>
  readonly tile?: 'rows8' | 'panel'
  readonly baseline?: boolean
}

function fp4Variants({ m, n, k, groupSize, format, epilogue }: ResolvedProblem): Variant[] {
  const problem = { m, n, k, groupSize }
  const constants = { format, epilogue }
  const tiled = (['rows8', 'panel'] as const).map((tile): Variant => ({
    definition: gemmFp4,
    problem,
    constants: { ...constants, tile },
    tile,
  }))
  const variants: Variant[] = [{ definition: gemvFp4, problem, constants }, ...tiled]
  // The baselines know half scales and a plain product only.
  if (format !== 'fp4' || epilogue !== 'none') return variants
  const baseline = { problem: { M: m, N: n, K: k, group_size: groupSize }, constants: {}, baseline: true }
  return [...variants, { definition: decodeGemvFp4Wide, ...baseline }, { definition: marlinGemmFp4, ...baseline }]
}

function denseVariants({ m, n, k, format, epilogue }: ResolvedProblem): Variant[] {
  const shared = { problem: { m, n, k }, constants: { type: format, epilogue } }
  return [
    { definition: gemvDense, ...shared },
    { definition: gemmDense, ...shared },
  ]
}

function candidateOf(variant: Variant, { order }: ResolvedProblem, backend: Backend): Candidate | null {
  const { definition, problem, constants, tile, baseline = false } = variant
  if (definition.launch[backend] === undefined) return null
  if (definition.args.some(({ packing }) => packing !== undefined && packing !== order)) return null
  try {
    const { bytes, operations } = resolveKernel(definition, problem, constants)
    return {
      kernel: definition.name,
      definition,
      ...(tile && { tile }),
      problem,
      constants,
      order: definition.order,
      baseline,
      bytes,
      operations,
    }
  } catch (error) {
    if (error instanceof KernelArgumentError) return null
    throw error
  }
}
