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

const known = ['float32', 'int8'] as const

export type Precision = (typeof known)[number]

/**
 * The precisions that products with FP4 weights are timed in: those asked for, the default of the device first. What is not quantized, and
 * the baselines, are float32.
 * @throws RangeError for a name that is none.
 */
export function precisionsOf(
  backend: Backend,
  { precisions }: Filter & { readonly precisions?: readonly string[] },
): readonly Precision[] {
  const strange = precisions?.find((name) => !known.some((one) => one === name))
  if (strange !== undefined)
    throw new RangeError(
      `[bench] expected --precision ${known.join(' or ')}, got ${strange}. Leave it out for all of the device.`,
    )
  const legal: readonly Precision[] = backend === 'cpu' ? ['int8', 'float32'] : ['float32']
  return precisions === undefined ? legal : legal.filter((precision) => precisions.includes(precision))
}
