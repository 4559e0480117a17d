/** The flags and their help. */
import type { Backend } from '@metal-fp4/metal-core'
import { Command, Option } from 'commander'
import type { PeerRequest } from '../peers/resolve.js'
import { type ReportFormat, reportFormats } from '../reporters/index.js'
import type { Filter, GeometryRequest, Shape } from '../suite.js'
import type { Verb } from './io.js'
import { collect, listOf, parseCount, parseGeometry, parsePeerFlag, parseShape, parseUpTo, parseWord } from './parse.js'
import type { Preset } from './preset.js'

/** What the flags give. */
export interface CliOptions {
  readonly shape?: readonly Shape[]
  readonly m?: readonly number[]
  readonly format?: readonly string[]
  readonly threads?: readonly number[]
  readonly samples?: number
  readonly time?: number
  readonly device?: Backend
  readonly output: ReportFormat
  readonly suite: readonly string[]
  readonly list?: boolean
  readonly geometry?: readonly GeometryRequest[]
  readonly vocab?: number
  readonly precision?: readonly string[]
  readonly attempts: number
  readonly check?: boolean
  readonly save?: string
  readonly peer?: PeerRequest
  readonly cache?: string
  readonly cold?: number
  readonly preset?: string
}

export const formats: readonly string[] = ['fp4', 'mxfp4', 'nvfp4', 'f16', 'bf16', 'f32']
export const precisions: readonly string[] = ['float32', 'int8']

/** Threads that a device takes at most. */
const mostThreads = 65_536

export interface ProgramParts {
  readonly verbs?: readonly Verb[]
  readonly presets?: readonly Preset[]
}

/** A fresh parser; `exitOverride` and output are the caller's. */
export function makeProgram({ verbs = [], presets = [] }: ProgramParts = {}): Command {
  const program = new Command('bench')
    .description('Benchmarks against the memory roof: cold caches, device time, one suite at a time.')
    .argument('[suites...]', 'names of suites (default: all that are timed; see --list)')
    .option(
      '--shape <NxK>',
      'N outputs by K inputs, e.g. 4096x14336; repeat it or separate by commas',
      listOf(parseShape),
    )
    .option('--m <rows>', 'rows of activations, e.g. 1,2,4,8', listOf(parseCount))
    .option('--format <names>', `weight formats: ${formats.join(', ')}`, listOf(parseWord(formats)))
    .option(
      '--threads <counts>',
      'threads of the CPU device, e.g. 1,2 (default: 1 and all cores)',
      listOf(parseUpTo(mostThreads)),
    )
    .option('--samples <count>', 'this many samples a case', parseCount)
    .option('--time <ms>', 'milliseconds for a case, when --samples is not given (default: 600)', parseCount)
    .addOption(
      new Option('--device <backend>', 'cpu, metal or cuda (default: the best that works)').choices([
        'cpu',
        'metal',
        'cuda',
      ]),
    )
    .addOption(
      new Option('-o, --output <form>', 'what to print on stdout').choices([...reportFormats]).default('table'),
    )
    .option('--suite <module>', 'a module that exports suites of your own; repeat it', collect, [])
    .option(
      '--geometry <names>',
      'models by geometry, e.g. qwen3-0.6b, or llama-3-8b:8 for its first 8 layers',
      listOf(parseGeometry),
    )
    .option('--vocab <tokens>', 'tokens in the vocabulary of those', parseCount)
    .option('--precision <names>', `modes of arithmetic: ${precisions.join(', ')}`, listOf(parseWord(precisions)))
    .option(
      '--attempts <count>',
      'how often a case is run at most until half of its rounds saw one roof (within 15 %)',
      parseCount,
      3,
    )
    .option('--cold <MiB>', 'weights between two uses of the same ones, in MiB (default: 256)', parseUpTo(65_536))
    .option('--check', 'compare the values of each case with its oracle before timing it')
    .option('--save <file>', 'write the report as JSON to a file as well')
    .option(
      '--peer <name>',
      'race a package that you installed: node-llama-cpp, or node-llama-cpp=FOLDER',
      parsePeerFlag,
    )
    .option('--cache <folder>', 'where the model files that peers need are kept (default: your cache folder)')
    .option('--list', 'print the suites and presets and stop')
  if (presets.length > 0) {
    const names = presets.map(({ name }) => name)
    program.addOption(new Option('--preset <name>', `cases chosen before: ${names.join(', ')}`).choices(names))
  }
  return program
    .addHelpText('after', `\nOther things to do (each has --help):\n${linesOf(verbs)}`)
    .addHelpText(
      'after',
      '\nExample: bench gemv --shape 4096x14336 --m 1,2 --format mxfp4 --threads 1,2 --save result.json\n',
    )
    .allowExcessArguments(true)
    .showHelpAfterError('(--help lists the flags)')
}

/** A line for each, names in a column. */
export function linesOf(named: readonly { readonly name: string; readonly summary: string }[], indent = '  '): string {
  const width = Math.max(0, ...named.map(({ name }) => name.length))
  return named.map(({ name, summary }) => `${indent}${name.padEnd(width)}  ${summary}\n`).join('')
}

/** What suites are asked for. */
export function filterOf({ shape, m, format, geometry, vocab, precision }: CliOptions): Filter {
  return {
    ...(shape && { shapes: shape }),
    ...(m && { m }),
    ...(format && { formats: format }),
    ...(geometry && { geometries: geometry }),
    ...(vocab !== undefined && { vocabSize: vocab }),
    ...(precision && { precisions: precision }),
  }
}
