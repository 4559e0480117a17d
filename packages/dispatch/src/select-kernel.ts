/** Which kernel a problem gets on a device: the first rule of the policy whose kernel selection finds legal. */
import { isFp4Format } from '@metal-fp4/fp4-quant'
import { fail } from './errors.js'
import { type PolicyRule, policyFor } from './policy/index.js'
import { type MatmulProblem, resolveProblem } from './problem.js'
import type { DeviceProfile } from './profile.js'
import { type Candidate, type MatmulKernelName, legalCandidates } from './selection.js'
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
 * Pure: the same problem and profile always give the same choice.
 * @throws DispatchError for a bad problem, or when no kernel is legal for it.
 */
export function selectKernel(
  problem: MatmulProblem,
  profile: Pick<DeviceProfile, 'backend' | 'name'>,
  options: SelectOptions = {},
): Choice {
  const policy = policyFor(profile)
  const { splits = splitsFor(resolveProblem(problem, 'selectKernel'), policy.split) } = options
  // Only one kernel cuts K up: asking for splits is asking for it.
  const kernel = options.kernel ?? (options.splits !== undefined && splits > 1 ? 'gemv_fp4_partial' : undefined)
  if (!Number.isInteger(splits) || splits < 1)
    fail('selectKernel', 'splits to be a positive integer', String(splits), 'Leave it out for the policy to choose.')
  const legal = legalCandidates(problem, profile.backend, splits)
  const rules = isFp4Format(problem.format) ? policy.fp4 : policy.dense
  const fits = ({ maxM, formats }: PolicyRule): boolean =>
    (maxM === null || problem.m <= maxM) && (formats?.includes(problem.format) ?? true)
  if (kernel !== undefined) {
    const named = legal.filter((candidate) => candidate.kernel === kernel)
    if (named.length === 0) refuse(problem, legal, `kernel '${kernel}'`)
    // Of several variants of the kernel, the one that the policy prefers.
    const rule = rules.find((candidate) => candidate.kernel === kernel && fits(candidate))
    return { ...(named.find(({ tile }) => tile === rule?.tile) ?? named[0]), rule: null, policy: policy.name }
  }
  for (const rule of rules.filter(fits)) {
    const candidate = legal.find((one) => one.kernel === rule.kernel && one.tile === rule.tile)
    if (candidate) {
      const constants = { ...candidate.constants, ...rule.constants }
      return { ...candidate, constants, rule, policy: policy.name }
    }
  }
  return refuse(problem, legal, 'a legal kernel')
}

function refuse(problem: MatmulProblem, legal: readonly Candidate[], expected: string): never {
  const { m, n, k, format, groupSize, epilogue, order } = problem
  const extras = [groupSize && `groupSize ${groupSize}`, epilogue && `epilogue ${epilogue}`, order && `order ${order}`]
  const got = [`m ${m}, n ${n}, k ${k}, ${format}`, ...extras.filter(Boolean)].join(', ')
  const names = [...new Set(legal.map(({ kernel }) => kernel))]
  const fix =
    names.length > 0
      ? `Legal when asked for by name: ${names.join(', ')}.`
      : 'See the constraints in docs/kernels.md of the kernels.'
  return fail('selectKernel', `a problem for ${expected}`, got, fix)
}
