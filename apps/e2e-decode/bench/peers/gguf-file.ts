/** Writes a geometry with random weights of the right format as a GGUF file, once: it is kept for the next run. */
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeE4M3, encodeE8M0 } from '@metal-fp4/fp4-quant'
import type { ModelSpec } from '../../src/architectures/index.js'
import { fillRandom } from '../../src/geometry/synthetic.js'
import { type GgmlType, type PlacedTensor, blocks, encodeHeader, padded, place } from './gguf-header.js'
import { ggufModel } from './gguf-model.js'

export interface GgufRequest {
  readonly spec: ModelSpec
  /** Names the file: "qwen3-0.6b". */
  readonly geometry: string
  readonly format: 'mxfp4' | 'nvfp4'
  readonly folder: string
  /** Called now and then with bytes written and in all; not when the file is there already. */
  readonly onProgress?: (written: number, total: number) => void
  readonly signal?: AbortSignal
}

/** Part of each file's name: raised when what is written changes, so that no old file is taken for a new one. */
const version = 2

/** The path of the file. @throws the signal's reason, or what the file system throws (no space, say). */
export async function ggufFile({ spec, geometry, format, folder, onProgress, signal }: GgufRequest): Promise<string> {
  const { metadata, tensors } = ggufModel(spec, format)
  const placed = place(tensors)
  const header = encodeHeader(metadata, placed)
  const last = placed[placed.length - 1]
  const total = header.length + last.offset + padded(last.byteLength)
  const path = join(folder, `${geometry}-${spec.layers}-layers-${spec.vocabSize}-tokens-${format}.v${version}.gguf`)
  if ((await sizeOf(path)) === total) return path
  await mkdir(folder, { recursive: true })
  // Under another name until it is whole: a run that was stopped leaves nothing that looks like a model.
  const partial = `${path}.${process.pid}.part`
  const file = await open(partial, 'w')
  try {
    await file.write(header)
    let written = header.length
    for (const tensor of placed) {
      for (const chunk of dataOf(tensor)) {
        signal?.throwIfAborted()
        await file.write(chunk)
        written += chunk.length
        onProgress?.(written, total)
      }
    }
    await file.close()
    await rename(partial, path)
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(partial, { force: true })
    throw error
  }
  return path
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  )
}

/** About how many bytes are made and written at once. */
const chunkBytes = 8 * 1024 * 1024

/** A tensor's data and its padding, in chunks of whole blocks. */
export function* dataOf({ type, shape, byteLength, offset }: PlacedTensor): Generator<Uint8Array> {
  if (type === 'f32') {
    yield withPadding(new Uint8Array(new Float32Array(byteLength / 4).fill(1).buffer), byteLength)
    return
  }
  const step = Math.floor(chunkBytes / blocks[type].bytes) * blocks[type].bytes
  for (let at = 0; at < byteLength; at += step) {
    const length = Math.min(step, byteLength - at)
    const words = new Uint32Array(Math.ceil(length / 4))
    fillRandom(words, offset + at + 1)
    const chunk = new Uint8Array(words.buffer, 0, length)
    writeScales(chunk, type, shape[0])
    yield at + length === byteLength ? withPadding(chunk, byteLength) : chunk
  }
}

/** Root mean square of the 16 values that a code can have. Weights then have variance 1/k, and activations keep their size. */
const codeRms = Math.sqrt(8.5625)

/** Puts the same scale into each block: what codes stand for does not matter, only that results stay finite and normal. */
function writeScales(chunk: Uint8Array, type: Exclude<GgmlType, 'f32'>, k: number): void {
  const wanted = 1 / (codeRms * Math.sqrt(k))
  const scale = type === 'mxfp4' ? encodeE8M0(wanted) : encodeE4M3(wanted)
  const scales = type === 'mxfp4' ? 1 : 4
  for (let block = 0; block < chunk.length; block += blocks[type].bytes) chunk.fill(scale, block, block + scales)
}

/** The last piece of a tensor, with what the whole tensor needs for the next one to be aligned. */
function withPadding(bytes: Uint8Array, byteLength: number): Uint8Array {
  const all = new Uint8Array(bytes.length + padded(byteLength) - byteLength)
  all.set(bytes)
  return all
}
