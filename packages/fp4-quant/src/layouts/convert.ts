/** Any layout to any other, and the asynchronous forms. */
import { describe, failLayout } from '../errors.js'
import { type LongWork, type Steps, runSteps, runStepsAsync } from '../long-work.js'
import type { QuantizedTensor } from '../tensor.js'
import {
  type CompressedTensor,
  type CompressedTensorsOptions,
  compressedOfRows,
  rowsOfCompressed,
} from './compressed-tensors.js'
import { toCompressedSteps } from './compressed-tensors.js'
import { type GgufTensor, ggufOfRows, rowsOfGguf, toGgufSteps } from './gguf.js'
import { type GptOssTensor, gptOssOfRows, rowsOfGptOss, toGptOssSteps } from './gpt-oss.js'
import { type MlxOptions, type MlxTensor, mlxOfRows, rowsOfMlx, toMlxSteps } from './mlx.js'
import {
  type ModelOptOptions,
  type ModelOptTensor,
  modelOptOfRows,
  rowsOfModelOpt,
  toModelOptSteps,
} from './modelopt.js'
import { type FromOptions, type Fp4Rows, tensorOfRows } from './rows.js'

/** What each layout is held in, by its name. */
export interface LayoutTensors {
  readonly mlx: MlxTensor
  readonly gguf: GgufTensor
  readonly 'gpt-oss': GptOssTensor
  readonly 'compressed-tensors': CompressedTensor
  readonly modelopt: ModelOptTensor
}

/** Name of a layout of another project. */
export type LayoutName = keyof LayoutTensors

/** Options of a conversion to a layout. */
export interface LayoutOptions {
  readonly mlx: MlxOptions
  readonly gguf: LongWork
  readonly 'gpt-oss': LongWork
  readonly 'compressed-tensors': CompressedTensorsOptions
  readonly modelopt: ModelOptOptions
}

/** The names of the layouts, `kn` aside. */
export const layoutNames: readonly LayoutName[] = ['mlx', 'gguf', 'gpt-oss', 'compressed-tensors', 'modelopt']

/**
 * A tensor of one layout in another, without a detour through `kn`. Row-major layouts share the memory of the codes; a
 * compressed-tensors global scale goes through its float32 reciprocal.
 * @throws LayoutError when the target cannot hold it.
 */
export function convertLayout<L extends LayoutName>(
  tensor: LayoutTensors[LayoutName],
  layout: L,
  options?: LayoutOptions[L],
): LayoutTensors[L] {
  return runSteps(convertSteps(tensor, layout, options), options, 'convertLayout')
}

/** `convertLayout`, yielding to the event loop about every 12 ms. */
export async function convertLayoutAsync<L extends LayoutName>(
  tensor: LayoutTensors[LayoutName],
  layout: L,
  options?: LayoutOptions[L],
): Promise<LayoutTensors[L]> {
  return runStepsAsync(convertSteps(tensor, layout, options), options, 'convertLayoutAsync')
}

/** `toMlx`, `toGguf`, `toGptOss`, `toCompressedTensors` or `toModelOpt`, yielding to the event loop about every 12 ms. */
export async function toLayoutAsync<L extends LayoutName>(
  tensor: QuantizedTensor,
  layout: L,
  options?: LayoutOptions[L],
): Promise<LayoutTensors[L]> {
  return runStepsAsync(toLayoutSteps(tensor, layout, options), options, 'toLayoutAsync')
}

/** `fromMlx`, `fromGguf`, … by the tensor's `layout`, yielding to the event loop about every 12 ms. */
export async function fromLayoutAsync(
  tensor: LayoutTensors[LayoutName],
  options?: FromOptions,
): Promise<QuantizedTensor> {
  return runStepsAsync(fromLayoutSteps(tensor, options), options, 'fromLayoutAsync')
}

function* fromLayoutSteps(tensor: LayoutTensors[LayoutName], options: FromOptions | undefined): Steps<QuantizedTensor> {
  const op = 'fromLayoutAsync'
  return yield* tensorOfRows(yield* rowsOfLayout(tensor, op), options, op)
}

function* convertSteps<L extends LayoutName>(
  tensor: LayoutTensors[LayoutName],
  layout: L,
  options: LayoutOptions[L] | undefined,
): Steps<LayoutTensors[L]> {
  const op = 'convertLayout'
  const rows = yield* rowsOfLayout(tensor, op)
  const convert: { [Name in LayoutName]: () => Steps<LayoutTensors[Name]> | LayoutTensors[Name] } = {
    mlx: () => mlxOfRows(rows, options as MlxOptions, op),
    gguf: () => ggufOfRows(rows, op),
    'gpt-oss': () => gptOssOfRows(rows, op),
    'compressed-tensors': () => compressedOfRows(rows, options as CompressedTensorsOptions, op),
    modelopt: () => modelOptOfRows(rows, options, op),
  }
  const made = convert[checkName(layout, op)]()
  return Symbol.iterator in made ? yield* made : made
}

function toLayoutSteps<L extends LayoutName>(
  tensor: QuantizedTensor,
  layout: L,
  options: LayoutOptions[L] | undefined,
): Steps<LayoutTensors[L]> {
  const convert: { [Name in LayoutName]: () => Steps<LayoutTensors[Name]> } = {
    mlx: () => toMlxSteps(tensor, options as MlxOptions),
    gguf: () => toGgufSteps(tensor),
    'gpt-oss': () => toGptOssSteps(tensor),
    'compressed-tensors': () => toCompressedSteps(tensor, options as CompressedTensorsOptions),
    modelopt: () => toModelOptSteps(tensor, options),
  }
  return convert[checkName(layout, 'toLayoutAsync')]()
}

function* rowsOfLayout(tensor: LayoutTensors[LayoutName], op: string): Steps<Fp4Rows> {
  switch ((tensor as { layout?: string } | undefined)?.layout) {
    case 'mlx':
      return rowsOfMlx(tensor as MlxTensor, undefined, op)
    case 'gguf':
      return yield* rowsOfGguf(tensor as GgufTensor, undefined, op)
    case 'gpt-oss':
      return rowsOfGptOss(tensor as GptOssTensor, undefined, op)
    case 'compressed-tensors':
      return rowsOfCompressed(tensor as CompressedTensor, undefined, op)
    case 'modelopt':
      return rowsOfModelOpt(tensor as ModelOptTensor, undefined, op)
    case undefined:
    default: {
      const got = describe((tensor as { layout?: unknown } | undefined)?.layout)
      return failLayout(
        op,
        `a tensor whose layout is one of ${layoutNames.join(', ')}`,
        got,
        'Use toMlx, toGguf, … first.',
      )
    }
  }
}

function checkName<L extends LayoutName>(layout: L, op: string): L {
  if (layoutNames.includes(layout)) return layout
  return failLayout(op, `a layout of ${layoutNames.join(', ')}`, describe(layout), 'Pass one of these names.')
}
