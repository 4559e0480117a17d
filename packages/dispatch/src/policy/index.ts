/** Every policy, and which one a device gets. */
import { fail } from '../errors.js'
import type { DeviceProfile } from '../profile.js'
import { cpu } from './cpu.js'
import { metal } from './metal.js'
import type { DevicePolicy } from './types.js'

export type { DevicePolicy, PolicyRule, RuleSource, SplitRule } from './types.js'

export const policies: readonly DevicePolicy[] = [cpu, metal]

/** The policy for exactly this device, else the one for its backend. @throws DispatchError when there is none. */
export function policyFor({ backend, name }: Pick<DeviceProfile, 'backend' | 'name'>): DevicePolicy {
  const ofBackend = policies.filter((policy) => policy.backend === backend)
  const policy = ofBackend.find(({ device }) => device === name) ?? ofBackend.find(({ device }) => device === undefined)
  if (policy) return policy
  const backends = [...new Set(policies.map((known) => known.backend))].join(', ')
  return fail('selectKernel', `a device of backend ${backends}`, backend, 'Add a policy for it in src/policy.')
}
