/** Every policy, and which one a device gets. */
import { fail } from '../errors.js'
import type { DeviceProfile } from '../profile.js'
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

/** The policy for exactly this device, else the one for its backend. @throws DispatchError when there is none. */
export function policyFor({ backend, name }: Pick<DeviceProfile, 'backend' | 'name'>): DevicePolicy {
  const ofBackend = [...added, ...policies].filter((policy) => policy.backend === backend)
  const policy = ofBackend.find(({ device }) => device === name) ?? ofBackend.find(({ device }) => device === undefined)
  if (policy) return policy
  const backends = [...new Set(policies.map((known) => known.backend))].join(', ')
  return fail('selectKernel', `a device of backend ${backends}`, backend, 'Add a policy for it in src/policy.')
}
