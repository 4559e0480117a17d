/** The options of packSafetensors, and their check. */
import { describe, failOption as fail } from '../errors.js'
import { type Fp4Format, type ScaleRule, formatInfo, isFp4Format } from '../formats.js'
import { type LongWork, checkLongWork } from '../long-work.js'
import type { QuantizeOptions } from '../options.js'
import type { QuantizedTensor } from '../tensor.js'
import type { WeightValues } from '../weight-values.js'
import { type Choice, type FileLayout, fileLayouts, globPattern } from './names.js'
import type { TensorReport } from './report.js'

export interface PackOptions extends LongWork {
  format: Fp4Format
  /** fp4 only; default 128. */
  groupSize?: number
  /** Default 'absmax'. */
  scales?: ScaleRule
  /** How tensors are laid out, and named. Default 'kn'; the others are what other projects read. */
  layout?: FileLayout
  /**
   * Globs (`*`, `?`) over names: only these, with what is copied by default (embeddings, norms, routers, `lm_head`, other tensors'
   * scales) among them, where they are matrices that can be packed.
   */
  include?: readonly string[]
  /** Globs over names that are copied as they are. */
  exclude?: readonly string[]
  /** For nvfp4 in layout mlx, which has no global scale: round a second time. Each report's error says what came of it. */
  requantize?: boolean
  /** Default true: compares every packed tensor with the original. */
  measure?: boolean
  /** What quantizes: a pool of `/parallel`. Default: this thread, which yields to the event loop. */
  quantizer?: { quantize(values: WeightValues, options: QuantizeOptions): Promise<QuantizedTensor> }
  /** Called as each tensor is done. */
  onTensor?: (report: TensorReport) => void
}

export interface PackSettings {
  readonly format: Fp4Format
  readonly groupSize: number
  readonly scales: ScaleRule
  readonly layout: FileLayout
  readonly choice: Choice
}

/** Checks the options and fills the defaults in. @throws OptionError */
export function resolvePackOptions(options: PackOptions): PackSettings {
  const op = 'packSafetensors'
  if (typeof options !== 'object' || (options as unknown) === null) {
    fail(op, 'options { format }', describe(options), 'Pass the format at least.')
  }
  checkLongWork(options, op)
  const { format, scales = 'absmax', layout = 'kn', include, exclude = [], quantizer } = options
  if (!isFp4Format(format)) fail(op, "format 'fp4', 'mxfp4' or 'nvfp4'", describe(format), 'Pass one of these names.')
  const { defaultGroupSize, fixedGroupSize } = formatInfo[format]
  const groupSize = options.groupSize ?? defaultGroupSize
  if (fixedGroupSize && groupSize !== defaultGroupSize) {
    fail(op, `groupSize ${defaultGroupSize} for ${format}`, describe(groupSize), "Leave it out, or use format 'fp4'.")
  }
  if (!Number.isSafeInteger(groupSize) || groupSize < 16) {
    fail(op, 'groupSize of 16 or more', describe(groupSize), 'Pass 16, 32, 64 or 128.')
  }
  if (!['absmax', 'mse'].includes(scales)) {
    fail(op, "scales 'absmax' or 'mse'", describe(scales), 'Pass one of these names.')
  }
  if (!fileLayouts.includes(layout)) {
    fail(
      op,
      `layout ${fileLayouts.join(', ')}`,
      describe(layout),
      'Pass one of these names. (toGguf makes GGUF blocks.)',
    )
  }
  checkHoldable(format, layout, options.requantize === true)
  for (const [name, globs] of Object.entries({ include, exclude })) {
    if (globs === undefined) continue
    if (!Array.isArray(globs) || globs.some((glob) => typeof glob !== 'string')) {
      fail(op, `${name} to be a list of globs`, describe(globs), "Pass ['*.mlp.*'], for example.")
    }
  }
  if (quantizer !== undefined && typeof (quantizer as Partial<typeof quantizer> | null)?.quantize !== 'function') {
    fail(op, 'a quantizer with a method quantize', describe(quantizer), 'Pass what createQuantizer makes.')
  }
  const multiple = layout === 'kn' ? 1 : defaultGroupSize
  const choice = { include: include?.map(globPattern), exclude: exclude.map(globPattern), multiple }
  return { format, groupSize, scales, layout, choice }
}

/** The formats that each layout of a file can hold. */
export const layoutFormats: Readonly<Record<FileLayout, readonly Fp4Format[]>> = {
  kn: ['fp4', 'mxfp4', 'nvfp4'],
  mlx: ['mxfp4', 'nvfp4'],
  'gpt-oss': ['mxfp4'],
  'compressed-tensors': ['mxfp4', 'nvfp4'],
  modelopt: ['nvfp4'],
}

/** @throws OptionError when the layout has no such format. */
function checkHoldable(format: Fp4Format, layout: FileLayout, requantize: boolean): void {
  const op = 'packSafetensors'
  if (!layoutFormats[layout].includes(format)) {
    fail(
      op,
      `format ${layoutFormats[layout].join(' or ')} for layout ${layout}`,
      format,
      "Change one of them; 'kn' holds all.",
    )
  }
  if (layout === 'mlx' && format === 'nvfp4' && !requantize) {
    const fix = 'Use mxfp4, or pass requantize: true (--requantize), which rounds a second time.'
    fail(op, 'a format without a global scale, as layout mlx has none', format, fix)
  }
}
