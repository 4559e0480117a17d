/** `fp4-quant pack`. */
import { realpath } from 'node:fs/promises'
import { QuantizationError } from '../errors.js'
import type { Fp4Format, ScaleRule } from '../formats.js'
import type { FileLayout } from '../pack/names.js'
import type { PackOptions } from '../pack/options.js'
import { type PackedSafetensors, packSafetensors } from '../pack/pack.js'
import { type Quantizer, createQuantizer } from '../parallel/index.js'
import { openInput, writeWhole } from './files.js'
import { type Terminal, bytesText, decibels, progressBar } from './output.js'

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
}

export async function pack(input: string, output: string, flags: PackFlags, terminal: Terminal): Promise<void> {
  const started = performance.now()
  const opened = await openInput(input, terminal.signal)
  let quantizer: Quantizer | undefined
  const bar = progressBar(terminal, 'packing')
  try {
    await refuseSameFile(opened.paths, output)
    quantizer = createQuantizer(flags.threads === undefined ? {} : { threads: flags.threads })
    const { format, groupSize, scales, layout, include, exclude, requantize, measure } = flags
    const options: PackOptions = {
      format, scales, layout, measure, quantizer, signal: terminal.signal,
      ...(groupSize !== undefined && { groupSize }), ...(include && { include }), ...(exclude && { exclude }),
      ...(requantize && { requantize }),
      onProgress: (done, total) => bar.show(done, total),
    } // prettier-ignore
    const packed = await packSafetensors(opened.file, options)
    await writeWhole(output, packed.chunks)
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

async function refuseSameFile(inputs: readonly string[], output: string): Promise<void> {
  const target = await realpath(output).catch(() => undefined)
  if (target === undefined) return
  for (const path of inputs) {
    if ((await realpath(path)) === target) {
      throw new QuantizationError(
        `[pack] expected an output that is not the input, got ${output} twice. Choose another name.`,
      )
    }
  }
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
  const error = worst?.error === undefined ? '' : `, worst tensor ${decibels(worst.error)} (${worst.name})`
  const count = `${packed.length} of ${tensors.length} tensors`
  const sizes = `${bytesText(inputBytes)} -> ${bytesText(byteLength)}`
  return `${output}: packed ${count} as ${flags.format} in layout ${flags.layout}, ${sizes}${error}, ${seconds.toFixed(1)} s`
}

function reportJson({ tensors, byteLength }: PackedSafetensors, output: string, seconds: number): string {
  return `${JSON.stringify({ output, bytes: byteLength, seconds, tensors }, null, 2)}\n`
}
