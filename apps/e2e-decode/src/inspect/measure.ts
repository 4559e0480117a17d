/** How far a weight's quantized values are from the original ones, an expert at a time. */
import { type FileHandle, open } from 'node:fs/promises'
import {
  type ErrorMeasure,
  type QuantizedTensor,
  dequantizeAsync,
  formatInfo,
  measureErrorAsync,
} from '@metal-fp4/fp4-quant'
import { unpackColumns64 } from '@metal-fp4/kernels'
import type { Checkpoint, HuggingFaceCheckpoint } from '../checkpoint/index.js'
import type { PackedFp4, PackedRange } from '../checkpoint/packed-format.js'
import { failCheckpoint } from '../errors.js'
import {
  type Quantization,
  asWeightValues,
  isQuantized,
  quantizeMatrix,
  readMatrix,
  rejectNotFinite,
} from '../model/host-weights.js'
import type { QuantizeWork } from '../model/quantizer.js'
import type { MatrixDeclaration, WeightDeclaration } from '../model/weight-table.js'

/** Sums that errors of parts are added up by. */
export interface ErrorTotal {
  values: number
  noise: number
  signal: number
  actual: number
  product: number
  largest: number
}

/** Compares a weight with the original. `undefined` for one that is not quantized. */
export async function measureWeight(
  checkpoint: Checkpoint,
  reference: HuggingFaceCheckpoint,
  declaration: WeightDeclaration,
  quantization: Quantization,
  quantizing: QuantizeWork,
): Promise<ErrorTotal | undefined> {
  if (declaration.kind === 'vector') return undefined
  const { signal } = quantizing
  const work = signal ? { signal } : {}
  const total: ErrorTotal = { values: 0, noise: 0, signal: 0, actual: 0, product: 0, largest: 0 }
  const quantized = await quantizedExperts(checkpoint, declaration, quantization, quantizing)
  if (quantized === undefined) return undefined
  try {
    for (let expert = 0; expert < declaration.experts; expert++) {
      signal?.throwIfAborted()
      const raw = await readMatrix(reference.store, declaration, expert)
      const values = await dequantizeAsync(await quantized.read(expert), work)
      const error = await measureErrorAsync(asWeightValues(raw), values, work).catch((cause: unknown) => {
        signal?.throwIfAborted()
        throw cause
      })
      addMeasure(total, error, asFloat(values), values.length)
    }
  } finally {
    await quantized.close()
  }
  return total
}

interface Experts {
  readonly read: (expert: number) => Promise<QuantizedTensor>
  readonly close: () => Promise<void>
}

async function quantizedExperts(
  checkpoint: Checkpoint,
  declaration: MatrixDeclaration,
  quantization: Quantization,
  work: QuantizeWork,
): Promise<Experts | undefined> {
  if (checkpoint.kind === 'packed') {
    const packed = checkpoint.tensors.get(declaration.name)!
    if (packed.layout === 'rows') return undefined
    const file = await open(checkpoint.dataFile, 'r')
    return { read: (expert) => readExpert(file, checkpoint.dataFile, packed, expert), close: () => file.close() }
  }
  if (!isQuantized(declaration, quantization)) return undefined
  const rows = declaration.parts.map((part) => part.rows)
  const read = async (expert: number): Promise<QuantizedTensor> => {
    const raw = await readMatrix(checkpoint.store, declaration, expert)
    return quantizeMatrix(raw, rows, declaration.k, quantization, work).catch((error: unknown) => {
      work.signal?.throwIfAborted()
      const [{ tensor }] = declaration.parts
      rejectNotFinite(checkpoint.store, [tensor(expert)], [raw])
      throw error
    })
  }
  return { read, close: () => Promise.resolve() }
}

/** One expert of a packed tensor: its tiles follow each other in the file. */
async function readExpert(file: FileHandle, path: string, packed: PackedFp4, expert: number): Promise<QuantizedTensor> {
  const [experts, stacks, n, k] = packed.shape
  const slice = async ({ offset, byteLength }: PackedRange): Promise<ArrayBuffer> => {
    const size = byteLength / experts
    const bytes = new Uint8Array(size)
    for (let done = 0; done < size;) {
      const { bytesRead } = await file.read(bytes, done, Math.min(size - done, 2 ** 26), offset + expert * size + done)
      if (bytesRead === 0)
        failCheckpoint({
          file: path,
          expected: `${offset + byteLength} bytes`,
          got: 'fewer',
          fix: 'The file is truncated: download it again.',
        })
      done += bytesRead
    }
    return bytes.buffer
  }
  const scales = await slice(packed.scales)
  return unpackColumns64({
    order: 'columns64',
    format: packed.dtype,
    experts: 1,
    stacks: stacks === 2 ? 2 : 1,
    n,
    k,
    groupSize: packed.groupSize,
    parts: packed.parts,
    codes: new Uint32Array(await slice(packed.codes)),
    scales: formatInfo[packed.dtype].scaleBytes === 2 ? new Uint16Array(scales) : new Uint8Array(scales),
    columnScales: packed.columnScales === null ? null : new Float32Array(await slice(packed.columnScales)),
  })
}

function asFloat(values: Float32Array): number {
  let squares = 0
  for (const value of values) squares += value * value
  return squares
}

/** A measure back to the sums that it was made from. */
function addMeasure(total: ErrorTotal, error: ErrorMeasure, actual: number, values: number): void {
  const noise = error.rmse ** 2 * values
  // Without a difference the two have the same squares.
  const signal = error.sqnrDb === Infinity ? actual : noise * 10 ** (error.sqnrDb / 10)
  const product = error.cosine * Math.sqrt(signal * actual)
  addError(total, { values, noise, signal, actual, product, largest: error.maxAbsoluteError })
}

/** Adds to a total, in place. */
export function addError(
  total: ErrorTotal,
  { values, noise, signal, actual, product, largest }: ErrorTotal,
): ErrorTotal {
  total.values += values
  total.noise += noise
  total.signal += signal
  total.actual += actual
  total.product += product
  total.largest = Math.max(total.largest, largest)
  return total
}

/** The measure of sums. */
export function errorOf({ values, noise, signal, actual, product, largest }: ErrorTotal): ErrorMeasure {
  return {
    rmse: Math.sqrt(noise / values),
    sqnrDb: noise === 0 ? Infinity : 10 * Math.log10(signal / noise),
    maxAbsoluteError: largest,
    cosine: signal === 0 && actual === 0 ? 1 : signal === 0 || actual === 0 ? 0 : product / Math.sqrt(signal * actual),
  }
}
