/** The flags, their parsers and their help. */
import type { Backend } from '@metal-fp4/metal-core'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type ReportFormat, reportFormats } from '../reporters/index.js'
import type { Shape } from '../suite.js'

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
}

export const formats: readonly string[] = ['fp4', 'mxfp4', 'nvfp4', 'f16', 'bf16', 'f32']

/** A fresh parser; `exitOverride` and output are the caller's. */
export function makeProgram(): Command {
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
    .option('--list', 'print the suites and stop')
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
