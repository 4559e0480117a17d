/** `fp4-decode inspect`: what is in a model's folder, and what quantizing costs, layer by layer. */
import { Command, Option } from 'commander'
import { type Backend, createDevice } from '@metal-fp4/metal-core'
import { type InspectOptions, type InspectedTensor, type Inspection, inspectModel } from '../inspect/inspect.js'
import { defaultModel } from '../load-model.js'
import type { QuantizeMode } from '../model/host-weights.js'
import { megabytes, millions } from './describe.js'
import { addExamples } from './examples.js'
import { interruptSignal, interrupted } from './interrupt.js'
import { addQuantizeOptions } from './options.js'
import { openProgress } from './progress.js'

interface InspectFlags {
  readonly original?: string
  readonly error: boolean
  readonly tensors?: boolean
  readonly device?: Backend
  readonly qMode?: QuantizeMode
  readonly qGroupSize?: number
  readonly qScales?: 'absmax' | 'mse'
  readonly json?: boolean
}

export function inspectCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('inspect')
    .description(
      'Show what is in a folder: formats, bytes, the error of each layer (signal to quantization noise), and about how fast a device could be at most.',
    )
    .argument('[folder]', 'Hugging Face or packed folder (default: the stories model of this package)')
    .option('--original <folder>', 'of a packed folder: the checkpoint to compare it with (default: no comparison)')
    .option('--no-error', 'leave the errors out: of a Hugging Face folder they take quantizing all of it')
    .option('--tensors', 'list every tensor instead of every layer')
  addQuantizeOptions(command)
    .addOption(
      new Option('--device <name>', 'whose bandwidth to reckon with (default: the best there is)').choices([
        'cpu',
        'metal',
        'cuda',
      ]),
    )
    .option('--json', 'print one JSON object')
  addExamples(command, [
    ['The model that comes with the package', 'fp4-decode inspect'],
    ['What four bits would do to a checkpoint', 'fp4-decode inspect ./Qwen3-0.6B --q-mode nvfp4'],
    ['What they did, tensor by tensor', 'fp4-decode inspect ./qwen3-fp4 --original ./Qwen3-0.6B --tensors'],
    ['For another program', 'fp4-decode inspect ./Qwen3-0.6B --no-error --json'],
  ])
  return command.action(async (folder: string | undefined, flags: InspectFlags) => {
    const { signal, end } = interruptSignal()
    const progress = openProgress('reading')
    try {
      const inspection = await inspectModel(folder ?? defaultModel, {
        ...(flags.original === undefined ? {} : { original: flags.original }),
        ...quantizationOf(flags),
        measure: flags.error,
        onProgress: progress.update,
        signal,
      })
      progress.end()
      const roof = await measureRoof(inspection.bytesPerToken, flags.device)
      process.stdout.write(
        flags.json ? `${JSON.stringify({ ...inspection, roof })}\n` : report(inspection, roof, flags),
      )
    } catch (error) {
      progress.end()
      if (!signal.aborted) throw error
      process.stderr.write('[inspect] interrupted before there was a result.\n')
      finish(interrupted)
    } finally {
      progress.end()
      end()
    }
  })
}

/** Only what was asked for: a packed folder is what it was packed as. */
function quantizationOf({ qMode, qGroupSize, qScales }: InspectFlags): Pick<InspectOptions, 'quantization'> {
  if ((qMode ?? qGroupSize ?? qScales) === undefined) return {}
  return {
    quantization: {
      mode: qMode ?? 'fp4',
      ...(qGroupSize === undefined ? {} : { groupSize: qGroupSize }),
      ...(qScales === undefined ? {} : { scales: qScales }),
    },
  }
}

interface Roof {
  readonly device: string
  readonly copyGigabytesPerSecond: number
  /** The bandwidth by the bytes that a token reads. About: it is that of one short copy, and caches may hold some weights. */
  readonly tokensPerSecond: number
}

async function measureRoof(
  bytesPerToken: number,
  backend: Backend | undefined,
): Promise<Roof | { readonly missing: string }> {
  try {
    using device = await createDevice(backend === undefined ? {} : { backend })
    const { copyGigabytesPerSecond, name, backend: kind } = device.info
    const tokensPerSecond = (copyGigabytesPerSecond * 1e9) / bytesPerToken
    return { device: `${kind}: ${name}`, copyGigabytesPerSecond, tokensPerSecond }
  } catch (error) {
    if (backend !== undefined) throw error
    return { missing: error instanceof Error ? error.message : String(error) }
  }
}

function report(inspection: Inspection, roof: Roof | { missing: string }, { tensors }: InspectFlags): string {
  const { folder, kind, architecture, parameters, weightBytes, bytesPerToken, error } = inspection
  const estimate =
    'missing' in roof
      ? `no device: ${roof.missing.split('\n')[0]}`
      : `at most about ${Number(roof.tokensPerSecond.toPrecision(2))} tokens/s from memory (more where a cache holds the weights): ${roof.copyGigabytesPerSecond.toFixed(1)} GB/s on ${roof.device}`
  const head: [string, string][] = [
    ['folder', `${folder} (${kind === 'packed' ? 'packed' : 'Hugging Face, as it would be quantized'})`],
    ['architecture', architecture],
    ['parameters', millions(parameters)],
    ['weights', `${megabytes(weightBytes)}, ${megabytes(bytesPerToken)} a token`],
    ['speed', estimate],
    ...(error === undefined
      ? []
      : [['error', `${decibels(error.sqnrDb)} signal to noise over all that is quantized`] as [string, string]]),
  ]
  return `${head.map(([name, value]) => `${name.padEnd(16)}${value}\n`).join('')}\n${tensors ? tensorTable(inspection) : layerTable(inspection)}`
}

function layerTable({ layers, tensors }: Inspection): string {
  const outside = tensors.filter(({ layer, shape }) => layer === undefined && shape.length > 1).map(tensorRow)
  const rows = layers.map(({ layer, formats, parameters, bytes, error }) => [
    `layer ${layer}`,
    formats.join('+'),
    millions(parameters),
    megabytes(bytes),
    error === undefined ? '' : decibels(error.sqnrDb),
  ])
  return table(['part', 'format', 'parameters', 'bytes', 'SQNR'], [...outside, ...rows])
}

function tensorTable({ tensors }: Inspection): string {
  const rows = tensors.map((tensor) => {
    const [name, ...rest] = tensorRow(tensor)
    return [name, tensor.shape.join(' x '), ...rest]
  })
  return table(['tensor', 'shape', 'format', 'parameters', 'bytes', 'SQNR'], rows)
}

function tensorRow({ name, format, groupSize, parameters, bytes, error }: InspectedTensor): string[] {
  const kind = groupSize === undefined || format !== 'fp4' ? format : `${format}/${groupSize}`
  return [name, kind, millions(parameters), megabytes(bytes), error === undefined ? '' : decibels(error.sqnrDb)]
}

function decibels(sqnrDb: number): string {
  return sqnrDb === Infinity ? 'exact' : `${sqnrDb.toFixed(1)} dB`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i].length)))
  const line = (row: readonly string[]): string =>
    `${row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd()}\n`
  return [head, ...rows].map(line).join('')
}
