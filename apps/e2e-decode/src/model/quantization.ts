/** How weights are to be quantized, checked before anything is read. */
import { formatInfo, isFp4Format } from '@metal-fp4/fp4-quant'
import { describe, failOption } from '../errors.js'
import type { Quantization } from './host-weights.js'

/** What a caller may have left out. */
export type QuantizationChoice = { readonly [K in keyof Quantization]: Quantization[K] | undefined }

/** The choice, without what is undefined. @throws OptionError in the name of `op` */
export function resolveQuantization(op: string, { mode, groupSize, scales }: QuantizationChoice): Quantization {
  if (mode === undefined || (mode !== 'none' && !isFp4Format(mode))) {
    failOption(op, 'quantize none, fp4, mxfp4 or nvfp4', describe(mode), 'Leave it out for fp4.')
  }
  if (scales !== undefined && !['absmax', 'mse'].includes(scales)) {
    failOption(op, 'scales absmax or mse', describe(scales), 'Leave it out for absmax.')
  }
  if (groupSize !== undefined) checkGroupSize(op, mode, groupSize)
  return { mode, ...(groupSize === undefined ? {} : { groupSize }), ...(scales === undefined ? {} : { scales }) }
}

function checkGroupSize(op: string, mode: Quantization['mode'], groupSize: number): void {
  if (mode === 'none') failOption(op, 'no groupSize without quantization', describe(groupSize), 'Leave it out.')
  const fixed = formatInfo[mode].fixedGroupSize ? formatInfo[mode].defaultGroupSize : undefined
  if (fixed !== undefined && groupSize !== fixed) {
    failOption(op, `groupSize ${fixed}, which ${mode} defines`, describe(groupSize), 'Leave it out, or use fp4.')
  }
  if (!Number.isInteger(groupSize) || groupSize < 16 || groupSize % 8 !== 0) {
    const fix = 'Leave it out for the default.'
    failOption(op, 'groupSize to be a multiple of 8 from 16', describe(groupSize), fix)
  }
}
