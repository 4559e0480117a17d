/** Formats and precisions as suites name them. */
import type { Filter } from '@metal-fp4/bench'
import { formatInfo, isFp4Format } from '@metal-fp4/fp4-quant'
import type { Backend } from '@metal-fp4/metal-core'

/** True for a quantized format, false for a dense type. */
export const isFp4: typeof isFp4Format = isFp4Format

/** Weights that share a scale: the format's default. */
export function groupSizeOf(format: keyof typeof formatInfo): number {
  return formatInfo[format].defaultGroupSize
}

export type Precision = 'float32' | 'int8'

/** The precisions that products with FP4 weights are timed in: those asked for, the default of the device first. */
export function precisionsOf(
  backend: Backend,
  { precisions }: Filter & { readonly precisions?: readonly string[] },
): readonly Precision[] {
  const legal: readonly Precision[] = backend === 'cpu' ? ['int8', 'float32'] : ['float32']
  return precisions === undefined ? legal : legal.filter((precision) => precisions.includes(precision))
}
