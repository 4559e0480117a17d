/** The options that several verbs share, and the checks of their values. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Precision } from '@metal-fp4/dispatch'
import type { Backend } from '@metal-fp4/metal-core'
import { OptionError } from '../errors.js'
import { type LoadOptions, type ModelSource, defaultModel } from '../load-model.js'
import type { QuantizeMode } from '../model/host-weights.js'

export interface ModelFlags {
  readonly model?: string
  readonly geometry?: string
  readonly vocab?: number
  readonly layers?: number
  readonly context?: number
  readonly threads?: number
  readonly device?: Backend
  readonly precision?: Precision
  readonly qMode?: QuantizeMode
  readonly qGroupSize?: number
  readonly qScales?: 'absmax' | 'mse'
}

/** Which model, how it is stored, and where it runs. */
export function addModelOptions(command: Command): Command {
  command
    .option('-m, --model <folder>', 'Hugging Face or packed folder (default: the stories model of this package)')
    .option('--geometry <name>', 'synthetic weights in the shape of qwen3-0.6b, llama-3.2-1b or llama-3-8b')
    .option('--layers <n>', 'layers of the geometry', integer(1))
    .option('--vocab <n>', 'vocabulary of the geometry', integer(1))
    .option('-c, --context <n>', 'positions to make room for', integer(1))
  addQuantizeOptions(command)
  return command
    .option('-t, --threads <n>', 'threads of a CPU device (default: the cores that the process may use)', integer(1))
    .addOption(
      new Option('--device <name>', 'where to run (default: the best there is)').choices(['cpu', 'metal', 'cuda']),
    )
    .addOption(
      new Option(
        '--precision <name>',
        'of products with FP4 weights (default: int8 on a CPU, float32 elsewhere)',
      ).choices(['float32', 'int8']),
    )
}

export function addQuantizeOptions(command: Command, defaultMode = 'fp4'): Command {
  const modes = ['none', 'fp4', 'mxfp4', 'nvfp4']
  return command
    .addOption(
      new Option(
        '--q-mode <format>',
        `how to store the weights of a Hugging Face folder (default: ${defaultMode})`,
      ).choices(modes),
    )
    .option('--q-group-size <n>', 'weights that share a scale, for fp4 (default: 128)', integer(16))
    .addOption(new Option('--q-scales <rule>', 'how scales are chosen (default: absmax)').choices(['absmax', 'mse']))
}

/** What `loadModel` is to load. */
export function modelSource({ model, geometry, vocab, layers }: ModelFlags): ModelSource {
  if (geometry === undefined) {
    const lone = vocab !== undefined ? '--vocab' : layers !== undefined ? '--layers' : undefined
    if (lone !== undefined)
      throw new OptionError(`[fp4-decode] expected --geometry with ${lone}, got none. Name a geometry.`)
    return model ?? defaultModel
  }
  if (model !== undefined) {
    throw new OptionError('[fp4-decode] expected --model or --geometry, got both. Leave one of them out.')
  }
  return { geometry, ...(layers === undefined ? {} : { layers }), ...(vocab === undefined ? {} : { vocabSize: vocab }) }
}

/** The flags as `loadModel` takes them. */
export function loadOptions({
  context,
  threads,
  device,
  precision,
  qMode,
  qGroupSize,
  qScales,
}: ModelFlags): LoadOptions {
  return {
    ...(context === undefined ? {} : { context }),
    ...(threads === undefined ? {} : { threads }),
    ...(device === undefined ? {} : { device }),
    ...(precision === undefined ? {} : { precision }),
    ...(qMode === undefined ? {} : { quantize: qMode }),
    ...(qGroupSize === undefined ? {} : { groupSize: qGroupSize }),
    ...(qScales === undefined ? {} : { scales: qScales }),
  }
}

/** A parser of integers from `least` on, up to `most`. */
export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`Expected an integer ${range}.`)
  }
}

/** A parser of numbers from `least` to `most`. */
export function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && value >= least && value <= most) return value
    throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`)
  }
}

/** A parser of numbers above 0 and up to `most`. */
export function positive(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && value > 0 && value <= most) return value
    throw new InvalidArgumentError(`Expected a number above 0 and up to ${most}.`)
  }
}
