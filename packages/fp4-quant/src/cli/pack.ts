/** `fp4-quant pack`. */
import { failOption } from '../errors.js'
import type { Fp4Format, ScaleRule } from '../formats.js'
import type { FileLayout } from '../pack/names.js'
import type { PackOptions } from '../pack/options.js'
import { type PackedSafetensors, packSafetensors } from '../pack/pack.js'
import type { TensorReport } from '../pack/report.js'
import { type Quantizer, createQuantizer } from '../parallel/index.js'
import { fault } from '../safetensors/header.js'
import { openInput, outputFile, writeWhole } from './files.js'
import { type Terminal, bytesText, decibels, printable, progressBar } from './output.js'

export interface PackFlags {
  readonly format: Fp4Format
  readonly groupSize?: number
  readonly scales: ScaleRule
  readonly layout: FileLayout
  readonly include?: string[]
  readonly exclude?: string[]
  readonly requantize?: true
  readonly threads?: number
  readonly measure: boolean
  readonly json?: true
  readonly force?: true
}

export async function pack(input: string, output: string, flags: PackFlags, terminal: Terminal): Promise<void> {
  const started = performance.now()
  const opened = await openInput(input, terminal.signal)
  let quantizer: Quantizer | undefined
  const bar = progressBar(terminal, 'packing')
  try {
    const target = await outputFile(output, opened.paths, flags.force === true)
    quantizer = createQuantizer(flags.threads === undefined ? {} : { threads: flags.threads })
    const { format, groupSize, scales, layout, include, exclude, requantize, measure } = flags
    const options: PackOptions = {
      format, scales, layout, measure, quantizer, signal: terminal.signal,
      ...(groupSize !== undefined && { groupSize }), ...(include && { include }), ...(exclude && { exclude }),
      ...(requantize && { requantize }),
      onProgress: (done, total) => bar.show(done, total),
    } // prettier-ignore
    const packed = await packSafetensors(opened.file, options)
    checkAnyPacked(packed.tensors, input)
    await writeWhole(target, packed.chunks)
    bar.clear()
    const seconds = (performance.now() - started) / 1000
    terminal.out(flags.json ? reportJson(packed, output, seconds) : `${summary(packed, output, flags, seconds)}\n`)
  } catch (error) {
    bar.clear()
    throw error
  } finally {
    await quantizer?.dispose()
    await opened.close()
  }
}

/**
 * A copy under another name is not what anyone asked for.
 * @throws before anything is written: OptionError where a flag left tensors out, SafetensorsError where the file has none to pack.
 */
function checkAnyPacked(tensors: readonly TensorReport[], input: string): void {
  if (tensors.some(({ format }) => format !== undefined)) return
  const reasons = new Map<string, number>()
  for (const { reason } of tensors) reasons.set(reason ?? '', (reasons.get(reason ?? '') ?? 0) + 1)
  const why = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ')
  const got = tensors.length === 0 ? 'no tensor at all' : `none of ${tensors.length} (${why})`
  if (reasons.has('excluded') || reasons.has('not included')) {
    failOption('pack', `a tensor to pack in ${input}`, got, 'Widen --include, or narrow --exclude.')
  }
  const fix = 'Name a checkpoint that is not packed yet; what is kept by its name is packed with --include.'
  fault({ file: input, expected: 'a tensor to pack', got, fix })
}

function summary(
  { tensors, byteLength }: PackedSafetensors,
  output: string,
  flags: PackFlags,
  seconds: number,
): string {
  const packed = tensors.filter(({ format }) => format !== undefined)
  const inputBytes = tensors.reduce((sum, tensor) => sum + tensor.inputBytes, 0)
  const worst = packed.reduce(
    (low, tensor) => ((tensor.error?.sqnrDb ?? Infinity) < (low?.error?.sqnrDb ?? Infinity) ? tensor : low),
    packed.at(0),
  )
  const error = worst?.error === undefined ? '' : `, worst tensor ${decibels(worst.error)} (${printable(worst.name)})`
  const count = `${packed.length} of ${tensors.length} tensors`
  const sizes = `${bytesText(inputBytes)} -> ${bytesText(byteLength)}`
  const done = `${printable(output)}: packed ${count} as ${flags.format} in layout ${flags.layout}, ${sizes}${error}, ${seconds.toFixed(1)} s`
  const config = configurations[flags.layout]
  return config === undefined
    ? done
    : `${done}\nnote: names and arrays are ${flags.layout}'s; ${config} is yours to write.`
}

/** Where the projects say how a checkpoint is quantized, without which they do not read it as such. */
const configurations: Readonly<Record<FileLayout, string | undefined>> = {
  kn: undefined,
  mlx: 'quantization in config.json',
  'gpt-oss': 'quantization_config in config.json',
  'compressed-tensors': 'quantization_config in config.json',
  modelopt: 'hf_quant_config.json',
}

function reportJson({ tensors, byteLength }: PackedSafetensors, output: string, seconds: number): string {
  return `${JSON.stringify({ output, bytes: byteLength, seconds, tensors }, null, 2)}\n`
}
