/** Every policy, and which one a device gets. */
import { fail } from '../errors.js'
import type { DeviceIdentity } from '../profile.js'
import { cpu } from './cpu.js'
import { tuned } from './devices/index.js'
import { metal } from './metal.js'
import type { DevicePolicy } from './types.js'

export type { DevicePolicy, Margin, PolicyRule, Provenance, RuleSource, SplitRule } from './types.js'

/** The policies that come with the package: those that were tuned for one device, and one for each backend. */
export const policies: readonly DevicePolicy[] = [...tuned, cpu, metal]

/** Policies of this process alone, the newest first. */
const added: DevicePolicy[] = []

/**
 * Puts a policy before all others, for this process: one that `bench tune` made of this device, read with `parsePolicy`. Graphs that
 * are recorded already keep their kernels. @returns takes it away again.
 */
export function addPolicy(policy: DevicePolicy): () => void {
  added.unshift(policy)
  return () => {
    const at = added.indexOf(policy)
    if (at >= 0) added.splice(at, 1)
  }
}

/**
 * The policy for exactly this device, else the one for its backend; those that were added come first.
 * @throws DispatchError when there is none.
 */
export function policyFor(identity: DeviceIdentity): DevicePolicy {
  const { backend } = identity
  const policy = [...added, ...policies].find((one) => one.backend === backend && isFor(one, identity))
  if (policy) return policy
  const backends = [...new Set(policies.map((known) => known.backend))].join(', ')
  return fail('selectKernel', `a device of backend ${backends}`, backend, 'Add a policy for it in src/policy.')
}

/** A policy of one device is for as many threads as it was measured with. */
function isFor({ device, provenance }: DevicePolicy, { name, threads }: DeviceIdentity): boolean {
  if (device === undefined) return true
  return device === name && (threads === undefined || provenance === undefined || provenance.threads === threads)
}
