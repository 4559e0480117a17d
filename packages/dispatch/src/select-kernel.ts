/** Which kernel a problem gets on a device: the first rule of the policy whose kernel selection finds legal. */
import { isFp4Format } from '@metal-fp4/fp4-quant'
import type { Backend } from '@metal-fp4/metal-core'
import { fail } from './errors.js'
import { fits } from './policy/check-rules.js'
import { type PolicyRule, policyFor } from './policy/index.js'
import { defaultPrecision } from './policy/precision.js'
import { type MatmulProblem, type Precision, resolveProblem } from './problem.js'
import type { DeviceIdentity } from './profile.js'
import { type Candidate, type MatmulKernelName, isLegal, legalCandidates } from './selection.js'
import { splitsFor } from './split.js'

export interface Choice extends Candidate {
  /** The rule that chose it, or null when it was asked for by name. */
  readonly rule: PolicyRule | null
  /** The name of the policy that the rule is of. */
  readonly policy: string
}

export interface SelectOptions {
  /** Take this kernel, whatever the policy says. The baselines are only taken so. */
  readonly kernel?: MatmulKernelName
  /** Cut K into this many ranges with gemv_fp4_partial, whatever the policy says. 1: not at all. */
  readonly splits?: number
}

/**
 * Pure: the same problem and profile always give the same choice. Without a precision the problem gets the device's default, or
 * float32 where no kernel is legal in that; neither depends on M.
 * @throws DispatchError for a bad problem, or when no kernel is legal for it.
 */
export function selectKernel(problem: MatmulProblem, profile: DeviceIdentity, options: SelectOptions = {}): Choice {
  const { splits } = options
  if (splits !== undefined && (!Number.isInteger(splits) || splits < 1))
    fail('selectKernel', 'splits to be a positive integer', String(splits), 'Leave it out for the policy to choose.')
  for (const precision of precisionsFor(problem, profile)) {
    const choice = chooseKernel({ ...problem, precision }, profile, options)
    if (choice) return choice
  }
  const { kernel } = askedFor(problem, profile, options)
  const legal = precisionsFor(problem, profile).flatMap((precision) =>
    legalCandidates({ ...problem, precision }, profile.backend, splits),
  )
  return refuse(problem, legal, kernel === undefined ? 'a legal kernel' : `kernel '${kernel}'`)
}

/** What to try, best first. */
function precisionsFor(problem: MatmulProblem, { backend }: Pick<DeviceIdentity, 'backend'>): readonly Precision[] {
  if (problem.precision !== undefined) return [problem.precision]
  return isFp4Format(problem.format) ? [...new Set([defaultPrecision(backend), 'float32'] as const)] : ['float32']
}

/** The kernel asked for by name, or by asking for splits: only one kernel cuts K up. */
function askedFor(
  problem: MatmulProblem,
  profile: DeviceIdentity,
  options: SelectOptions,
): { readonly kernel: MatmulKernelName | undefined; readonly splits: number } {
  const { splits = splitsFor(resolveProblem(problem, 'selectKernel'), policyFor(profile).split) } = options
  const kernel = options.kernel ?? (options.splits !== undefined && splits > 1 ? 'gemv_fp4_partial' : undefined)
  return { kernel, splits }
}

function chooseKernel(problem: MatmulProblem, profile: DeviceIdentity, options: SelectOptions): Choice | undefined {
  const policy = policyFor(profile)
  const { kernel, splits } = askedFor(problem, profile, options)
  const legal = legalCandidates(problem, profile.backend, splits)
  const { precision = 'float32' } = problem
  const rules = isFp4Format(problem.format) ? policy.fp4 : policy.dense
  const fitting = rules.filter((rule) => fits(rule, { ...problem, precision }))
  if (kernel !== undefined) {
    const named = legal.filter((candidate) => candidate.kernel === kernel)
    if (named.length === 0) return undefined
    // Of several variants of the kernel, the one that the policy prefers.
    const rule = fitting.find((one) => one.kernel === kernel)
    return { ...(named.find(({ tile }) => tile === rule?.tile) ?? named[0]), rule: null, policy: policy.name }
  }
  for (const rule of fitting) {
    const candidate = legal.find((one) => one.kernel === rule.kernel && one.tile === rule.tile)
    const tuned = candidate && withConstants(candidate, rule, profile.backend)
    if (tuned) return { ...tuned, rule, policy: policy.name }
  }
  return undefined
}

/** The candidate with the constants of a rule; undefined when they are not legal for it. */
function withConstants(candidate: Candidate, { constants }: PolicyRule, backend: Backend): Candidate | undefined {
  if (constants === undefined) return candidate
  // No other constant than `rows`: they change what is computed.
  const merged = { ...candidate.constants, rows: constants.rows }
  return isLegal(candidate.definition, candidate.problem, merged, backend)
    ? { ...candidate, constants: merged }
    : undefined
}

function refuse(problem: MatmulProblem, legal: readonly Candidate[], expected: string): never {
  const { m, n, k, format, groupSize, epilogue, order, precision } = problem
  const extras = [
    groupSize && `groupSize ${groupSize}`,
    epilogue && `epilogue ${epilogue}`,
    order && `order ${order}`,
    precision && `precision ${precision}`,
  ]
  const got = [`m ${m}, n ${n}, k ${k}, ${format}`, ...extras.filter(Boolean)].join(', ')
  const names = [...new Set(legal.map(({ kernel }) => kernel))]
  const fix =
    names.length > 0
      ? `Legal when asked for by name: ${names.join(', ')}.`
      : 'See the constraints in docs/kernels.md of the kernels.'
  return fail('selectKernel', `a problem for ${expected}`, got, fix)
}
