/** `fp4-quant inspect`. */
import { bitsPerWeight } from '../formats.js'
import type { ErrorMeasure } from '../measure-error.js'
import { type PackedTensor, findPacked, readPacked } from '../pack/inspect.js'
import { measureTensor } from '../pack/measure-rows.js'
import type { SafetensorsFile } from '../safetensors/file.js'
import { fault } from '../safetensors/header.js'
import { type OpenedInput, openInput } from './files.js'
import { type Terminal, bytesText, decibels, printable, progressBar, table } from './output.js'

export interface InspectFlags {
  readonly against?: string
  readonly json?: true
}

interface Line {
  readonly name: string
  readonly type: string
  readonly shape: readonly number[]
  readonly layout: string
  readonly bytes: number
  error?: ErrorMeasure
}

export async function inspect(path: string, flags: InspectFlags, terminal: Terminal): Promise<void> {
  const { signal } = terminal
  const opened = await openInput(path, signal)
  let original: OpenedInput | undefined
  const bar = progressBar(terminal, 'comparing')
  try {
    if (flags.against !== undefined) original = await openInput(flags.against, signal)
    const packed = findPacked(opened.file)
    const lines: Line[] = []
    for (const [i, tensor] of packed.entries()) {
      const { name, format, experts, n, k, groupSize, layout, stacked, bytes } = tensor
      const type = format === 'fp4' ? `fp4 g${groupSize}` : format
      const line: Line = { name, type, shape: stacked ? [experts, n, k] : [n, k], layout, bytes }
      if (original !== undefined) {
        bar.show(i, packed.length)
        line.error = await compare(opened.file, tensor, original.file, signal)
      }
      lines.push(line)
    }
    bar.clear()
    const parts = new Set(packed.flatMap(({ names }) => Object.values(names)))
    for (const { name, dtype, shape, byteLength } of opened.file.entries.values()) {
      if (!parts.has(name)) lines.push({ name, type: dtype, shape, layout: '', bytes: byteLength })
    }
    terminal.out(
      flags.json ? `${JSON.stringify({ file: path, tensors: lines }, null, 2)}\n` : text(path, lines, packed),
    )
  } catch (error) {
    bar.clear()
    throw error
  } finally {
    await opened.close()
    await original?.close()
  }
}

async function compare(
  file: SafetensorsFile,
  packed: PackedTensor,
  original: SafetensorsFile,
  signal: AbortSignal,
): Promise<ErrorMeasure> {
  const { name, experts, n, k } = packed
  const entry = original.entries.get(name)
  if (entry === undefined || entry.shape.reduce((product, size) => product * size, 1) !== experts * n * k) {
    const got = entry === undefined ? 'no such tensor' : `shape [${entry.shape.join(', ')}]`
    const expected = `the original, ${experts} x ${n} x ${k} values`
    fault({ file: original.name, tensor: name, expected, got, fix: 'Pass the file that was packed.' })
  }
  return measureTensor(await original.readValues(name), await readPacked(file, packed, { signal }), { signal })
}

function text(path: string, lines: readonly Line[], packed: readonly PackedTensor[]): string {
  const compared = lines.some(({ error }) => error !== undefined)
  const heading = ['tensor', 'type', 'shape', 'layout', 'bytes', ...(compared ? ['SQNR', 'largest error'] : [])]
  const rows = lines.map(({ name, type, shape, layout, bytes, error }) => [
    name,
    type,
    shape.join(' x '),
    layout,
    bytesText(bytes),
    ...(compared ? [decibels(error), error?.maxAbsoluteError.toPrecision(3) ?? ''] : []),
  ])
  const bytes = lines.reduce((sum, line) => sum + line.bytes, 0)
  const weights = packed.reduce((sum, { experts, n, k }) => sum + experts * n * k, 0)
  const bits = packed.reduce((sum, { bytes: size }) => sum + 8 * size, 0)
  const ideal = packed.reduce((sum, t) => sum + t.experts * t.n * t.k * bitsPerWeight(t.format, t.groupSize), 0)
  const average =
    weights === 0
      ? ''
      : `, ${(bits / weights).toFixed(3)} bits a packed weight (format: ${(ideal / weights).toFixed(3)})`
  const end = `${printable(path)}: ${lines.length} tensors, ${packed.length} packed, ${bytesText(bytes)}${average}`
  return `${table(heading, rows, [4, 5, 6])}${end}\n`
}
