/** `bench tune`: measures a device and writes the policy that selection takes for it. */
import {
  BenchError,
  type Io,
  type Shape,
  type Verb,
  checkOutput,
  exit,
  listOf,
  openDevice,
  parseShape,
  parseUpTo,
  writeOutput,
} from '@metal-fp4/bench'
import {
  type Precision,
  candidateName,
  hasKernels,
  libraryFor,
  parsePolicy,
  policies,
  policyJson,
  precisions,
  profileOfLibrary,
} from '@metal-fp4/dispatch'
import { type Fp4Format, isFp4Format } from '@metal-fp4/fp4-quant'
import type { DeviceInfo } from '@metal-fp4/metal-core'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type Sweep, type Tuning, inWords, marginOf, tunedPolicy } from './policy.js'
import { type Field, type SweepOptions, fieldAt } from './sweep.js'
import { tunePrecision } from './tune-precision.js'

interface TuneFlags {
  readonly output: string
  readonly name?: string
  readonly device?: 'cpu' | 'metal' | 'cuda'
  readonly threads?: number
  readonly shape?: readonly Shape[]
  readonly format?: readonly Fp4Format[]
  readonly m?: readonly number[]
  readonly precision?: readonly Precision[]
  readonly rounds: number
  readonly cold?: number
}

const parseCount = parseUpTo(65_536)

const defaults = {
  shapes: [
    { n: 4096, k: 4096 },
    { n: 3072, k: 1024 },
  ],
  formats: ['fp4', 'mxfp4'] satisfies Fp4Format[],
  m: [1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256],
} as const

export const tune: Verb = {
  name: 'tune',
  summary: 'measures this device and writes its policy: which kernel for how many rows',
  async run(argv, { stdout, stderr, terminal, signal }) {
    const program = makeProgram().configureOutput({ writeOut: stdout, writeErr: stderr }).exitOverride()
    program.parse([...argv], { from: 'user' })
    const flags = program.opts<TuneFlags>()
    const { output, name, threads, rounds, cold } = flags
    const { shape = defaults.shapes, format = defaults.formats, m = defaults.m } = flags
    checkOutput('tune', output)
    using device = await openDevice(flags.device, threads, stderr)
    const { info } = device
    const isKnown = (precision: Precision): boolean => hasKernels('fp4', precision, info.backend)
    const { precision: asked = precisions.filter(isKnown) } = flags
    const strange = asked.find((one) => !isKnown(one))
    if (strange !== undefined) {
      throw new BenchError(
        `[tune] expected a --precision that ${info.backend} has kernels for, got ${strange}. Leave it out for all that it has.`,
      )
    }
    const profile = profileOfLibrary(await libraryFor(device))
    const fallback = policies.find((policy) => policy.backend === info.backend && policy.device === undefined)
    if (fallback === undefined)
      throw new Error(`[tune] expected a policy for ${info.backend}, got none. Add one to dispatch.`)
    const wanted = { shapes: shape, formats: format, m }
    if (
      asked.every((precision) =>
        m.every((rows) => fieldAt(rows, { ...wanted, precision, fallback }, profile) !== 'some'),
      )
    ) {
      throw new BenchError(
        `[tune] expected something to choose from, got nothing in ${asked.join(' and ')} of ${profile.name}. It has one kernel for each of these products, or different ones for each --shape: tune another --precision, or one shape at a time.`,
      )
    }
    const options = {
      ...wanted,
      rounds,
      ...(cold !== undefined && { minColdBytes: cold * 2 ** 20 }),
    }
    const made: Sweep = {
      name: name ?? slug(profile.name, info.threads),
      device: profile.name,
      threads: info.threads,
      date: new Date().toISOString().slice(0, 10),
      command: commandOf({ ...options, precisions: asked }, info),
      fallback,
    }
    const found: Tuning[] = []
    for (const precision of new Set(asked)) {
      found.push(await tunePrecision(precision, made, { ...options, device, signal }, progressOf({ stderr, terminal })))
    }
    if (terminal) stderr('\r\u001b[K')
    const policy = tunedPolicy(made, found)
    // Read back as users will: a file that is refused is not worth writing.
    const text = policyJson(policy)
    parsePolicy(JSON.parse(text), output)
    stdout(found.map(described).join(''))
    const margin = marginOf(found.flatMap(({ confirmed }) => confirmed))
    stdout(`over all rows that were measured the policy takes ${inWords(margin)} of the time of '${fallback.name}'\n`)
    try {
      writeOutput('tune', output, text)
    } catch (error) {
      // The folder was removed meanwhile, or the disk is full: what took hours is not lost.
      stdout(text)
      throw error
    }
    stdout(`${output}\n`)
    return exit.ok
  },
}

/** A line for each choice. */
function described({ precision, choices, unmeasured }: Tuning): string {
  const rowsWith = (field: Field): string =>
    unmeasured.flatMap((one) => (one.field === field ? [one.m] : [])).join(', ')
  const [alone, mixed] = [rowsWith('one'), rowsWith('mixed')]
  const others = [
    ...(alone === '' ? [] : [`${precision}, M = ${alone}: one kernel, nothing to choose\n`]),
    ...(mixed === ''
      ? []
      : [
          `${precision}, M = ${mixed}: not measured, the fallback takes different kernels for these matrices; tune one --shape at a time\n`,
        ]),
  ]
  const lines = choices.map(({ maxM, candidate, rows }) => {
    const gain = rows.every(({ isFallback }) => isFallback) ? 'as the fallback' : inWords(marginOf(rows))
    return `${precision}, M = ${rows[0].m}${maxM === null ? ' and more' : maxM === rows[0].m ? '' : ` to ${maxM}`}: ${candidateName(candidate)}, ${gain}\n`
  })
  return [...lines, ...others].join('')
}

/** On a terminal how far it is; elsewhere one line for each step, so that a log shows life. */
function progressOf({ stderr, terminal }: Pick<Io, 'stderr' | 'terminal'>) {
  return (step: string) =>
    (done: number, total: number, what: string): void => {
      if (terminal) stderr(`\r\u001b[K${step} ${Math.floor((100 * done) / total)} %: ${what}`)
      else if (done === 0) stderr(`${step}: ${total} cases, from ${what} on\n`)
    }
}

function makeProgram(): Command {
  return new Command('bench tune')
    .description(
      'Times every legal kernel and variant for each number of rows, in turns, keeps those that are surely faster than the fallback, '
        + 'measures the result anew and writes it as a policy file with its provenance. `explain` of dispatch cites it.',
    )
    .requiredOption('-o, --output <file>', 'the policy file to write')
    .option('--name <name>', 'its name (default: from the device)')
    .addOption(new Option('--device <backend>', 'default: the best that works').choices(['cpu', 'metal', 'cuda']))
    .option('--threads <count>', 'threads of the CPU device (default: all cores)', parseCount)
    .option('--shape <NxK,…>', 'matrices to measure with (default: 4096x4096,3072x1024)', listOf(parseShape))
    .option('--format <names>', 'formats to measure with (default: fp4,mxfp4)', listOf(parseFormat))
    .option('--m <rows>', `numbers of rows (default: ${defaults.m.join(',')})`, listOf(parseCount))
    .option(
      '--precision <names>',
      'what products are computed in (default: all that the device has)',
      listOf(parsePrecision),
    )
    .option('--rounds <count>', 'how often each candidate is timed', parseCount, 15)
    .option('--cold <MiB>', 'weights between two uses of the same ones, in MiB (default: 256)', parseCount)
    .addHelpText('after', '\nExample: bench tune --threads 2 --precision float32 -o my-cpu.json\n')
    .showHelpAfterError('(--help lists the flags)')
}

type Measured = Pick<SweepOptions, 'shapes' | 'formats' | 'm' | 'rounds' | 'minColdBytes'> & {
  readonly precisions: readonly Precision[]
}

/** What measures the same again. */
function commandOf(
  { shapes, formats, m, precisions: asked, rounds, minColdBytes }: Measured,
  { backend, threads }: Pick<DeviceInfo, 'backend' | 'threads'>,
): string {
  const sizes = shapes.map(({ n, k }) => `${n}x${k}`).join(',')
  const cold = minColdBytes === undefined ? '' : ` --cold ${minColdBytes / 2 ** 20}`
  return `pnpm bench tune --device ${backend}${threads > 0 ? ` --threads ${threads}` : ''} --precision ${asked.join(',')} --shape ${sizes} --format ${formats.join(',')} --m ${m.join(',')} --rounds ${rounds}${cold} -o FILE`
}

function slug(name: string, threads: number): string {
  const words = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  return threads > 0 ? `${words}-${threads}-threads` : words
}

function parsePrecision(text: string): Precision {
  const found = precisions.find((one) => one === text)
  if (found === undefined) throw new InvalidArgumentError(`Expected one of ${precisions.join(', ')}, got '${text}'.`)
  return found
}

function parseFormat(text: string): Fp4Format {
  if (!isFp4Format(text)) throw new InvalidArgumentError(`Expected fp4, mxfp4 or nvfp4, got '${text}'.`)
  return text
}
