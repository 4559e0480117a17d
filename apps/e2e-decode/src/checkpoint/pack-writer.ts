/** Writes a packed folder: every weight of a Hugging Face checkpoint, quantized and ordered for the device. */
import { packColumns64 } from '@metal-fp4/kernels'
import { companionsOf, copyCompanions, fingerprint, openSource } from '../convert/source.js'
import { Workbench } from '../convert/workbench.js'
import { type HostWeight, type Quantization, readHostWeight } from '../model/host-weights.js'
import { resolveQuantization } from '../model/quantization.js'
import { WeightQuantizer } from '../model/quantizer.js'
import { type WeightDeclaration, weightTable } from '../model/weight-table.js'
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
  /** Replaces the model in a target that is neither empty nor a packed model. Its files of other names stay. */
  readonly force?: boolean
  /** Called after each weight with the number done and the number in all. */
  readonly onProgress?: (done: number, total: number, name: string) => void
  /** Called once when an earlier run that was broken off has left finished weights, with their number. */
  readonly onResume?: (finished: number) => void
  /** Threads that large matrices are quantized on. Default: those that the process may use. */
  readonly threads?: number
  readonly signal?: AbortSignal
}

/**
 * Packs the checkpoint in folder `source` into folder `target` (absent, empty, or one that holds a packed model, which
 * is replaced; any other with `force`). The work is done in `TARGET.partial`: broken off at any moment, it leaves the target as it was, and the next call with
 * the same options goes on with the weights that are missing.
 * @returns bytes of packed.bin. @throws CheckpointError, OptionError, FileError, the signal's reason
 */
export async function packModel(source: string, target: string, options: PackOptions): Promise<number> {
  const { mode, groupSize, scales } = options
  const quantization = resolveQuantization('pack', { mode, groupSize, scales })
  const checkpoint = await openSource('pack', source, target)
  try {
    options.signal?.throwIfAborted()
    await using quantizer = new WeightQuantizer(options.threads)
    const files = await fingerprint(source)
    const bench = await Workbench.open(
      target,
      { kind: 'packed', force: options.force },
      { to: packedFormat, version: packedVersion, mode, groupSize, scales, files },
    )
    try {
      if (bench.resumed > 0) options.onResume?.(bench.resumed)
      const tensors: Record<string, PackedTensor> = {}
      const table = weightTable(checkpoint.spec, checkpoint.architecture.names)
      let end = 0
      for (const [done, declaration] of table.entries()) {
        options.signal?.throwIfAborted()
        const { name } = declaration
        const before = bench.finished(name)
        if (before !== undefined) {
          tensors[name] = before.value as PackedTensor
          end = before.end
        } else {
          const weight = await readHostWeight(checkpoint.store, declaration, quantization, {
            signal: options.signal,
            quantizer,
          })
          const append = async (data: ArrayBufferView): Promise<PackedRange> => {
            const alignment = data.byteLength >= pageAlignment ? pageAlignment : smallAlignment
            const offset = Math.ceil(end / alignment) * alignment
            await bench.write(packedData, offset, data)
            end = offset + data.byteLength
            return { offset, byteLength: data.byteLength }
          }
          tensors[name] = await writeWeight(declaration, weight, append)
          await bench.commit(name, tensors[name])
        }
        options.onProgress?.(done + 1, table.length, name)
      }
      // A map of whole pages needs them all to be in the file.
      const byteLength = Math.ceil(end / pageAlignment) * pageAlignment
      await bench.truncate(packedData, byteLength)
      const index: PackedIndex = { format: packedFormat, version: packedVersion, byteLength, tensors }
      await copyCompanions(source, bench.folder, companionsOf.packed)
      await bench.writeText(packedIndex, `${JSON.stringify(index, null, 1)}\n`)
      await bench.install()
      return byteLength
    } finally {
      await bench.close()
    }
  } finally {
    await checkpoint.store.close()
  }
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
