/** One run: the file packed into a Blob, with a report for each tensor. */
import type { Quantizer } from '@metal-fp4/fp4-quant/parallel'
import {
  type PackOptions,
  type SafetensorsFile,
  type TensorReport,
  packSafetensors,
} from '@metal-fp4/fp4-quant/safetensors'
import type { Chosen } from './options.js'

export interface Packed {
  /** `nvfp4, mse`: what tells the runs over one file apart. */
  readonly label: string
  readonly fileName: string
  readonly inputBytes: number
  readonly blob: Blob
  readonly tensors: readonly TensorReport[]
}

interface Work {
  readonly quantizer: Quantizer
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number, tensor: string | undefined) => void
}

/** Chunks are handed to the browser in pieces of this size: it may keep what is in a Blob outside of memory. */
const pieceBytes = 64 * 1024 * 1024

export async function pack(file: SafetensorsFile, name: string, chosen: Chosen, work: Work): Promise<Packed> {
  const { format, scales, layout, groupSize, exclude, requantize } = chosen
  const tensors: TensorReport[] = []
  let current: string | undefined
  const options: PackOptions = {
    format,
    scales,
    layout,
    exclude,
    requantize,
    ...(groupSize === undefined ? {} : { groupSize }),
    quantizer: work.quantizer,
    signal: work.signal,
    onProgress: (done, total) => {
      work.onProgress(done, total, current)
    },
    onTensor: (tensor) => {
      tensors.push(tensor)
      current = tensor.name
    },
  }
  const packed = await packSafetensors(file, options)
  const blob = await collect(packed.chunks)
  return {
    label: [format, ...(groupSize === undefined ? [] : [`group ${groupSize}`]), scales].join(', '),
    fileName: name.replace(/(?:\.safetensors)?$/, `.${format}${layout === 'kn' ? '' : `.${layout}`}.safetensors`),
    inputBytes: tensors.reduce((sum, { inputBytes }) => sum + inputBytes, 0),
    blob,
    tensors,
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Blob> {
  const pieces: Blob[] = []
  let parts: BlobPart[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    parts.push(chunk.slice())
    bytes += chunk.byteLength
    if (bytes < pieceBytes) continue
    pieces.push(new Blob(parts))
    parts = []
    bytes = 0
  }
  return new Blob([...pieces, ...parts], { type: 'application/octet-stream' })
}
