import type { Target } from './call.js'

/** What must give the same bits as a target: every instruction set of a CPU, or the simulator once more. */
export function variantsOf(target: 'best' | 'metal'): readonly Target[] {
  return target === 'metal' ? ['metal'] : ['best', 'avx2', 'plain']
}
