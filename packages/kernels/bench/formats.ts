/** Formats as suites name them. */
import { formatInfo, isFp4Format } from '@metal-fp4/fp4-quant'

/** True for a quantized format, false for a dense type. */
export const isFp4: typeof isFp4Format = isFp4Format

/** Weights that share a scale: the format's default. */
export function groupSizeOf(format: keyof typeof formatInfo): number {
  return formatInfo[format].defaultGroupSize
}
