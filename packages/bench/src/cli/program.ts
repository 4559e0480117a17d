/** The flags, their parsers and their help. */
import type { Backend } from '@metal-fp4/metal-core'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type PeerRequest, parsePeer } from '../peers/resolve.js'
import { type ReportFormat, reportFormats } from '../reporters/index.js'
import type { GeometryRequest, Shape } from '../suite.js'
import type { Verb } from './io.js'

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
}

export const formats: readonly string[] = ['fp4', 'mxfp4', 'nvfp4', 'f16', 'bf16', 'f32']

/** A fresh parser; `exitOverride` and output are the caller's. */
export function makeProgram(verbs: readonly Verb[] = []): Command {
  const names = verbs.map(({ name }) => name.length)
  const verbLines = verbs.map(({ name, summary }) => `  ${name.padEnd(Math.max(...names))}  ${summary}\n`).join('')
  return new Command('bench')
    .description('Benchmarks against the memory roof: cold caches, device time, one suite at a time.')
    .argument('[suites...]', 'names of suites (default: all that are timed; see --list)')
    .option(
      '--shape <NxK>',
      'N outputs by K inputs, e.g. 4096x14336; repeat it or separate by commas',
      listOf(parseShape),
    )
    .option('--m <rows>', 'rows of activations, e.g. 1,2,4,8', listOf(parseCount))
    .option('--format <names>', `weight formats: ${formats.join(', ')}`, listOf(parseFormat))
    .option('--threads <counts>', 'threads of the CPU device, e.g. 1,2 (default: 1 and all cores)', listOf(parseCount))
    .option('--samples <count>', 'exactly this many samples a case', parseCount)
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
    .option('--precision <names>', 'modes of arithmetic, e.g. float32,int8', listOf(parseWord))
    .option(
      '--attempts <count>',
      'how often a case is run at most until the roof holds still within 15 %',
      parseCount,
      3,
    )
    .option('--check', 'compare the values of each case with its oracle before timing it')
    .option('--save <file>', 'write the report as JSON to a file as well')
    .option(
      '--peer <name>',
      'race a package that you installed: node-llama-cpp, or node-llama-cpp=FOLDER',
      parsePeerFlag,
    )
    .option('--cache <folder>', 'where the model files that peers need are kept (default: your cache folder)')
    .option('--list', 'print the suites and stop')
    .addHelpText('after', `\nOther things to do (each has --help):\n${verbLines}`)
    .addHelpText(
      'after',
      '\nExample: bench gemv --shape 4096x14336 --m 1,2 --format mxfp4 --threads 1,2 --save result.json\n',
    )
    .allowExcessArguments(true)
    .showHelpAfterError('(--help lists the flags)')
}

/** A flag that may be repeated and that takes a comma list. */
function listOf<T>(parse: (text: string) => T): (text: string, previous: readonly T[] | undefined) => readonly T[] {
  return (text, previous) => [...(previous ?? []), ...text.split(',').map((part) => parse(part.trim()))]
}

function collect(text: string, previous: readonly string[]): readonly string[] {
  return [...previous, text]
}

function parseShape(text: string): Shape {
  const match = /^(\d+)x(\d+)$/i.exec(text)
  if (!match) throw new InvalidArgumentError(`Expected NxK such as 4096x14336, got '${text}'.`)
  return { n: parseCount(match[1]), k: parseCount(match[2]) }
}

/** Sizes beyond this are typing errors: no dimension of a model comes near it. */
const largestCount = 2 ** 24

function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > largestCount) {
    throw new InvalidArgumentError(`Expected an integer from 1 to ${largestCount}, got '${text}'.`)
  }
  return count
}

function parseFormat(text: string): string {
  if (!formats.includes(text)) throw new InvalidArgumentError(`Expected one of ${formats.join(', ')}, got '${text}'.`)
  return text
}

function parseGeometry(text: string): GeometryRequest {
  const match = /^([\w.-]+)(?::(\d+))?$/.exec(text)
  if (!match) {
    throw new InvalidArgumentError(`Expected NAME or NAME:LAYERS such as llama-3-8b:8, got '${text}'.`)
  }
  const [, name, layers] = match as unknown as [string, string, string | undefined]
  return layers === undefined ? { name } : { name, layers: parseCount(layers) }
}

function parseWord(text: string): string {
  if (!/^[a-z][a-z0-9]*$/.test(text)) throw new InvalidArgumentError(`Expected a name such as float32, got '${text}'.`)
  return text
}

function parsePeerFlag(text: string): PeerRequest {
  try {
    return parsePeer(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}
