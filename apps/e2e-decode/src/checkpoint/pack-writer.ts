/** Writes a packed folder: every weight of a Hugging Face checkpoint, quantized and ordered for the device. */
import { copyFile, mkdir, open, realpath, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packColumns64 } from '@metal-fp4/kernels'
import { failOption } from '../errors.js'
import { type HostWeight, type Quantization, readHostWeight } from '../model/host-weights.js'
import { type WeightDeclaration, weightTable } from '../model/weight-table.js'
import type { HuggingFaceCheckpoint } from './huggingface.js'
import { openCheckpoint } from './index.js'
import {
  type PackedIndex,
  type PackedRange,
  type PackedTensor,
  packedData,
  packedFormat,
  packedIndex,
  packedVersion,
  pageAlignment,
  shapeOf,
  smallAlignment,
} from './packed-format.js'

export interface PackOptions extends Quantization {
  /** Called after each weight with the number done and the number in all. */
  readonly onProgress?: (done: number, total: number, name: string) => void
  readonly signal?: AbortSignal
}

/** Copied beside the weights where the checkpoint has them. */
const companions = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json']

const pieceBytes = 64 * 2 ** 20

/**
 * Packs the checkpoint in folder `source` into folder `target` (made when absent; one that holds a packed model is
 * overwritten). @returns bytes of packed.bin. @throws CheckpointError, OptionError
 */
export async function packModel(source: string, target: string, options: PackOptions): Promise<number> {
  const checkpoint = await openCheckpoint(source)
  if (checkpoint.kind !== 'huggingface') {
    return failOption(
      'pack',
      'a Hugging Face folder',
      `${source}, which is packed already`,
      'Pack the original checkpoint.',
    )
  }
  try {
    await mkdir(target, { recursive: true })
    if ((await realpath(source)) === (await realpath(target))) {
      return failOption(
        'pack',
        'a folder other than the checkpoint',
        `${target} for both`,
        'Name another folder to write.',
      )
    }
    const index = await writeData(checkpoint, join(target, packedData), options)
    for (const name of companions) {
      const from = join(source, name)
      if (await exists(from)) await copyFile(from, join(target, name))
    }
    await writeFile(join(target, packedIndex), `${JSON.stringify(index, null, 1)}\n`)
    return index.byteLength
  } finally {
    await checkpoint.store.close()
  }
}

async function writeData(checkpoint: HuggingFaceCheckpoint, path: string, options: PackOptions): Promise<PackedIndex> {
  const table = weightTable(checkpoint.spec, checkpoint.architecture.names)
  const tensors: Record<string, PackedTensor> = {}
  // Under another name until it is whole, so that a folder never holds half a model.
  const temporary = `${path}.part`
  const file = await open(temporary, 'w')
  let end = 0
  const append = async (data: ArrayBufferView): Promise<PackedRange> => {
    const alignment = data.byteLength >= pageAlignment ? pageAlignment : smallAlignment
    const offset = Math.ceil(end / alignment) * alignment
    // In pieces: one write of the system ends at 2^31 - 1 bytes.
    for (let done = 0; done < data.byteLength;) {
      const piece = new Uint8Array(data.buffer, data.byteOffset + done, Math.min(pieceBytes, data.byteLength - done))
      done += (await file.write(piece, 0, piece.length, offset + done)).bytesWritten
    }
    end = offset + data.byteLength
    return { offset, byteLength: data.byteLength }
  }
  try {
    for (const [done, declaration] of table.entries()) {
      options.signal?.throwIfAborted()
      tensors[declaration.name] = await writeWeight(
        declaration,
        await readHostWeight(checkpoint.store, declaration, options),
        append,
      )
      options.onProgress?.(done + 1, table.length, declaration.name)
    }
    // A map of whole pages needs them all to be in the file.
    end = Math.ceil(end / pageAlignment) * pageAlignment
    await file.truncate(end)
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  return { format: packedFormat, version: packedVersion, byteLength: end, tensors }
}

async function writeWeight(
  declaration: WeightDeclaration,
  weight: HostWeight,
  append: (data: ArrayBufferView) => Promise<PackedRange>,
): Promise<PackedTensor> {
  const shape = shapeOf(declaration)
  if (weight.kind !== 'fp4') return { layout: 'rows', dtype: weight.type, shape, data: await append(weight.data) }
  const { tensor } = weight
  const { codes, scales, columnScales } = packColumns64(tensor, {
    stacks: declaration.kind === 'matrix' ? declaration.stacks : 1,
  })
  return {
    layout: 'columns64',
    dtype: tensor.format,
    shape,
    groupSize: tensor.groupSize,
    parts: tensor.parts,
    codes: await append(codes),
    scales: await append(scales),
    columnScales: columnScales === null ? null : await append(columnScales),
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
