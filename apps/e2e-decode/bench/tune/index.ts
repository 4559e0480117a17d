/** `bench tune`: measures a device and writes the policy that selection takes for it. */
import { type Shape, type Verb, checkOutput, exit, writeOutput } from '@metal-fp4/bench'
import {
  candidateName,
  chooseRules,
  libraryFor,
  parsePolicy,
  policies,
  policyJson,
  profileOfLibrary,
} from '@metal-fp4/dispatch'
import { type Fp4Format, isFp4Format } from '@metal-fp4/fp4-quant'
import { createDevice } from '@metal-fp4/metal-core'
import { Command, InvalidArgumentError, Option } from 'commander'
import { inWords, marginOf, tunedPolicy } from './policy.js'
import { type SweepOptions, confirm, sweep } from './sweep.js'

interface TuneFlags {
  readonly output: string
  readonly name?: string
  readonly device?: 'cpu' | 'metal' | 'cuda'
  readonly threads?: number
  readonly shape: readonly Shape[]
  readonly format: readonly Fp4Format[]
  readonly m: readonly number[]
  readonly rounds: number
}

const defaults = {
  shapes: [
    { n: 4096, k: 4096 },
    { n: 3072, k: 1024 },
  ],
  formats: ['fp4', 'mxfp4'],
  m: [1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256],
} as const

export const tune: Verb = {
  name: 'tune',
  summary: 'measures this device and writes its policy: which kernel for how many rows',
  async run(argv, { stdout, stderr, terminal, signal }) {
    const program = makeProgram().configureOutput({ writeOut: stdout, writeErr: stderr }).exitOverride()
    program.parse([...argv], { from: 'user' })
    const { output, name, device: backend, threads, shape, format, m, rounds } = program.opts<TuneFlags>()
    checkOutput('tune', output)
    using device = await createDevice({ ...(backend && { backend }), ...(threads !== undefined && { threads }) })
    const { info } = device
    const profile = profileOfLibrary(await libraryFor(device))
    const fallback = policies.find((policy) => policy.backend === info.backend && policy.device === undefined)
    if (fallback === undefined)
      throw new Error(`[tune] expected a policy for ${info.backend}, got none. Add one to dispatch.`)
    const draw = (step: string) => (done: number, total: number, what: string) => {
      if (terminal) stderr(`\r\u001b[K${step} ${Math.floor((100 * done) / total)} %: ${what}`)
    }
    const options: SweepOptions = { device, fallback, shapes: shape, formats: format, m, rounds, signal }
    const measured = await sweep({ ...options, onProgress: draw('sweep') })
    const chosen = chooseRules(measured)
    const made = {
      name: name ?? slug(profile.name, info.threads),
      device: profile.name,
      threads: info.threads,
      date: new Date().toISOString().slice(0, 10),
      command: commandOf(program.opts<TuneFlags>(), info.threads),
      fallback,
    }
    const again = await confirm({ ...options, onProgress: draw('confirm') }, tunedPolicy(made, chosen, []))
    if (terminal) stderr('\r\u001b[K')
    // What was not faster the second time was luck: the fallback's choice stays.
    const lucky = new Set(again.filter(({ isFallback, high }) => !isFallback && high >= 1).map(({ m: rows }) => rows))
    const choices = chooseRules(measured.filter((one) => one.isFallback || !lucky.has(one.m)))
    const confirmed = again.map((one) => (lucky.has(one.m) ? { ...one, ratio: 1, low: 1, high: 1 } : one))
    const policy = tunedPolicy(made, choices, confirmed)
    // Read back as users will: a file that is refused is not worth writing.
    const text = policyJson(policy)
    parsePolicy(JSON.parse(text), output)
    const lines = choices.map(({ maxM, candidate, rows }) => {
      const gain = rows.every(({ isFallback }) => isFallback) ? 'as the fallback' : inWords(marginOf(rows))
      return `M = ${rows[0].m}${maxM === null ? ' and more' : ` to ${maxM}`}: ${candidateName(candidate)}, ${gain}\n`
    })
    stdout(
      `${lines.join('')}over all rows the policy takes ${inWords(marginOf(confirmed))} of the time of '${fallback.name}'\n`,
    )
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
    .option('--shape <NxK,…>', 'matrices to measure with', parseShapes, defaults.shapes)
    .option('--format <names>', 'formats to measure with', parseFormats, defaults.formats)
    .option('--m <rows>', 'numbers of rows', parseCounts, defaults.m)
    .option('--rounds <count>', 'how often each candidate is timed', parseCount, 15)
    .addHelpText('after', '\nExample: bench tune --threads 2 -o my-cpu.json\n')
    .showHelpAfterError('(--help lists the flags)')
}

/** What measures the same again. */
function commandOf({ shape, format, m, rounds }: TuneFlags, threads: number): string {
  const shapes = shape.map(({ n, k }) => `${n}x${k}`).join(',')
  return `pnpm bench tune${threads > 0 ? ` --threads ${threads}` : ''} --shape ${shapes} --format ${format.join(',')} --m ${m.join(',')} --rounds ${rounds}`
}

function slug(name: string, threads: number): string {
  const words = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  return threads > 0 ? `${words}-${threads}-threads` : words
}

function parseShapes(text: string): readonly Shape[] {
  return text.split(',').map((part) => {
    const match = /^(\d+)x(\d+)$/.exec(part)
    if (!match) throw new InvalidArgumentError(`Expected NxK such as 4096x4096, got '${part}'.`)
    return { n: parseCount(match[1]), k: parseCount(match[2]) }
  })
}

function parseFormats(text: string): readonly Fp4Format[] {
  return text.split(',').map((part) => {
    if (!isFp4Format(part)) throw new InvalidArgumentError(`Expected fp4, mxfp4 or nvfp4, got '${part}'.`)
    return part
  })
}

function parseCounts(text: string): readonly number[] {
  return text.split(',').map(parseCount)
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > 65_536) {
    throw new InvalidArgumentError(`Expected an integer from 1 to 65536, got '${text}'.`)
  }
  return count
}
