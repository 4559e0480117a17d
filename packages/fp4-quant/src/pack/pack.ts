/** A safetensors file packed into another, a tensor at a time. */
import { QuantizationError, describe } from '../errors.js'
import type { ErrorMeasure } from '../measure-error.js'
import { quantizeAsync } from '../quantize-async.js'
import { type SafetensorsFile, openSafetensors } from '../safetensors/file.js'
import { type TensorEntry, fault } from '../safetensors/header.js'
import type { ByteSource } from '../safetensors/source.js'
import { type TensorToWrite, planSafetensors, writeData } from '../safetensors/write.js'
import type { TensorShape } from '../tensor.js'
import { findPacked } from './inspect.js'
import { measureTensor } from './measure-rows.js'
import { type PackedShape, metadataKey, packedMetadata, parsePackedMetadata } from './metadata.js'
import { reasonToCopy } from './names.js'
import { type PackOptions, type PackSettings, resolvePackOptions } from './options.js'
import { type Part, decodeParts, encodeParts, partsOf } from './parts.js'
import type { TensorReport } from './report.js'

/** A packed file that is made while it is written. */
export interface PackedSafetensors {
  /** The length field and the JSON, with which the file begins. */
  readonly header: Uint8Array
  /** Of the whole file. */
  readonly byteLength: number
  /** Every tensor of the input, in its order. Errors are there once `chunks` has come past the tensor. */
  readonly tensors: readonly TensorReport[]
  /** The whole file, header first; to be consumed once. Tensors are read, packed and forgotten one after the other. */
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * Packs the float matrices `[N, K]`, and stacks of experts `[E, N, K]`, whose K is at least 64; embeddings, norms, routers, `lm_head` and
 * other tensors' scales excepted unless they are included. Copies the other tensors, those that are packed already among them. Only
 * headers are read before `chunks` is consumed, so that sizes are known at once.
 *
 * @throws OptionError for a bad option. @throws QuantizationError (from `chunks`) for a value that is not finite, naming tensor and index.
 * @throws SafetensorsError when the input is damaged, or two tensors of the output would have one name.
 * @throws the signal's reason when aborted.
 */
export async function packSafetensors(
  source: ByteSource | SafetensorsFile,
  options: PackOptions,
): Promise<PackedSafetensors> {
  const settings = resolvePackOptions(options)
  options.signal?.throwIfAborted()
  const file = 'entries' in source ? source : await openSafetensors(source)
  const entries = [...file.entries.values()]
  const progress = new Progress(entries, options)
  const before = new Set(findPacked(file).flatMap(({ names }) => Object.values(names)))
  const text = (file.metadata as Record<string, string | undefined>)[metadataKey]
  const packed = new Map(text === undefined ? [] : parsePackedMetadata(text, file.name))
  const jobs = entries.map((entry) => {
    const reason = before.has(entry.name) ? 'packed already' : reasonToCopy(entry, settings.choice)
    if (reason !== undefined) return copyOf(entry, reason, file, progress, options)
    if (packed.has(entry.name)) {
      const got = 'a packed and an unpacked one'
      fault({ file: file.name, tensor: entry.name, expected: 'one tensor of this name', got, fix: 'Exclude it.' })
    }
    const shape = shapeOf(entry, settings)
    packed.set(entry.name, shape)
    return packOf(entry, shape, file, progress, options)
  })
  const metadata = { ...file.metadata, [metadataKey]: packedMetadata(packed) }
  const plan = planSafetensors(jobs.flatMap(({ written }) => written), metadata) // prettier-ignore
  const { header, byteLength } = plan
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    yield header
    for await (const piece of writeData(plan)) {
      options.signal?.throwIfAborted()
      yield piece
    }
  }
  return { header, byteLength, tensors: jobs.map(({ report }) => report), chunks: chunks() }
}

/** What is written for a tensor of the input. */
interface Job {
  readonly report: TensorReport
  readonly written: TensorToWrite[]
}

function shapeOf({ shape }: TensorEntry, { format, groupSize, layout }: PackSettings): PackedShape {
  const stacked = shape.length === 3
  const [experts, n, k] = stacked ? shape : [1, ...shape]
  return { format, layout, experts, n, k, groupSize, parts: [n], stacked }
}

function copyOf(
  entry: TensorEntry,
  reason: string,
  file: SafetensorsFile,
  progress: Progress,
  { onTensor, signal }: PackOptions,
): Job {
  const { name, dtype, shape, byteLength } = entry
  const report: TensorReport = {
    name, shape, dtype, format: undefined, layout: undefined, names: [name],
    inputBytes: byteLength, bytes: byteLength, error: undefined, reason,
  } // prettier-ignore
  async function* data(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of file.chunks(name)) {
      signal?.throwIfAborted()
      yield piece
      progress.add(piece.length)
    }
    onTensor?.(report)
  }
  return { report, written: [{ name, dtype, shape, data }] }
}

function packOf(
  entry: TensorEntry,
  shape: PackedShape,
  file: SafetensorsFile,
  progress: Progress,
  options: PackOptions,
): Job {
  const { name, dtype, byteLength } = entry
  const parts = partsOf(name, shape, shape.layout, shape.stacked)
  const report: TensorReport & { error: ErrorMeasure | undefined } = {
    name, shape: entry.shape, dtype, format: shape.format, layout: shape.layout, names: parts.map((part) => part.name),
    inputBytes: byteLength, bytes: 0, error: undefined, reason: undefined,
  } // prettier-ignore
  let made: Promise<Record<Part['role'], Uint8Array | undefined>> | undefined
  const data = async (role: Part['role']): Promise<Uint8Array> => {
    made ??= packTensor(entry, shape, file, progress, options, report)
    const left = await made
    const bytes = left[role]!
    // Nothing holds a part that is on its way; the others may be written at the end of the file only.
    left[role] = undefined
    return bytes
  }
  const written = parts.map((part) => ({ ...part, data: () => data(part.role) }))
  const { byteLength: whole, header } = planSafetensors(parts.map((part) => ({ ...part, data: new Uint8Array(0) })))
  return { report: Object.assign(report, { bytes: whole - header.length }), written }
}

async function packTensor(
  { name, byteLength }: TensorEntry,
  shape: PackedShape,
  file: SafetensorsFile,
  progress: Progress,
  options: PackOptions,
  report: { error: ErrorMeasure | undefined } & TensorReport,
): Promise<Record<Part['role'], Uint8Array>> {
  const { quantizer = { quantize: quantizeAsync }, requantize = false, measure = true, signal } = options
  const work = signal === undefined ? {} : { signal }
  const { experts, n, k, format, groupSize } = shape
  const values = await file.readValues(name)
  signal?.throwIfAborted()
  const start = progress.done
  const tensor = await quantizer
    .quantize(values, {
      experts,
      n,
      k,
      format,
      groupSize,
      scales: options.scales ?? 'absmax',
      ...work,
      onProgress: (done, total) => progress.reach(start + (byteLength * done) / total),
    }) // prettier-ignore
    .catch((error: unknown) => {
      if (!(error instanceof QuantizationError)) throw error
      throw new QuantizationError(
        // A function, as `$'` in a name would be replaced.
        error.message.replace('[quantize]', () => `[packSafetensors] ${file.name}, tensor ${describe(name)}:`),
      )
    })
  const { bytes, sqnrDb } = await encodeParts(tensor, shape.layout, { ...work, requantize })
  if (measure) {
    const written = sqnrDb === Infinity ? tensor : await decodeParts(bytes, plain(shape), shape.layout, work)
    report.error = await measureTensor(values, written, work)
  }
  progress.reach(start + byteLength)
  options.onTensor?.(report)
  return bytes
}

function plain({ format, experts, n, k, groupSize, parts }: PackedShape): TensorShape {
  return { format, experts, n, k, groupSize, parts }
}

/** Bytes of the input that are done. */
class Progress {
  done = 0
  readonly #total: number
  readonly #report: PackOptions['onProgress']
  #reported = -1

  constructor(entries: readonly TensorEntry[], { onProgress }: PackOptions) {
    this.#total = entries.reduce((sum, { byteLength }) => sum + byteLength, 0)
    this.#report = onProgress
  }

  add(bytes: number): void {
    this.reach(this.done + bytes)
  }

  reach(done: number): void {
    this.done = Math.round(done)
    if (this.done !== this.#total && this.done - this.#reported < this.#total / 200) return
    this.#reported = this.done
    this.#report?.(this.done, this.#total)
  }
}
