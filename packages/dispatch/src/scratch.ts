/** Memory that a product needs besides its operands. */
import type { KernelLibrary } from '@metal-fp4/metal-core'
import type { MatmulProblem } from './problem.js'
import type { DeviceIdentity } from './profile.js'
import { type MatmulSpec, choose } from './record-matmul.js'
import { type SelectOptions, selectKernel } from './select-kernel.js'

/**
 * Bytes of scratch memory for one product: what `MatmulSpec.scratch` has to hold. 0 when the kernel needs none. Products that
 * run one after the other may share it.
 * @throws DispatchError as selectKernel does.
 */
export function scratchFor(problem: MatmulProblem, profile: DeviceIdentity, options: SelectOptions = {}): number {
  return selectKernel(problem, profile, options).scratchBytes
}

/** The same for a product as recordMatmul is given it. */
export function scratchForMatmul(
  library: Pick<KernelLibrary, 'info' | 'isa'>,
  spec: Omit<MatmulSpec, 'activations' | 'out'>,
): number {
  return choose(spec, library).scratchBytes
}
