/** The float64 reference of a checkpoint: what the application's own logits are compared with. */
import { open } from 'node:fs/promises'
import { dequantize } from '@metal-fp4/fp4-quant'
import { unpackColumns64 } from '@metal-fp4/kernels'
import type { ModelSpec } from '../architectures/index.js'
import { type PackedCheckpoint, openCheckpoint } from '../checkpoint/index.js'
import type { PackedRange } from '../checkpoint/packed-format.js'
import { type HostWeight, type Quantization, denseValues, readHostWeight } from '../model/host-weights.js'
import { type WeightDeclaration, weightTable } from '../model/weight-table.js'
import { type ReferenceWeights, referenceLogits } from './forward.js'

export interface Reference {
  readonly spec: ModelSpec
  /** Logits `[tokens.length, vocabSize]` of a whole sequence. */
  logits(tokens: readonly number[]): Promise<Float64Array>
}

/**
 * Opens a folder for the float64 pass over its weights: those of the file under `mode: 'none'`, otherwise what the
 * quantized ones decode to. A packed folder decodes to what it was packed as. All weights are held as float32.
 */
export async function openReference(folder: string, quantization: Quantization = { mode: 'none' }): Promise<Reference> {
  const checkpoint = await openCheckpoint(folder)
  const values = new Map<string, Float32Array>()
  try {
    for (const declaration of weightTable(checkpoint.spec, checkpoint.architecture.names)) {
      const weight =
        checkpoint.kind === 'packed'
          ? await readPackedWeight(checkpoint, declaration)
          : await readHostWeight(checkpoint.store, declaration, quantization)
      values.set(declaration.name, weight.kind === 'fp4' ? dequantize(weight.tensor) : denseValues(weight))
    }
  } finally {
    if (checkpoint.kind === 'huggingface') await checkpoint.store.close()
  }
  const weights: ReferenceWeights = {
    get: (name) => {
      const found = values.get(name)
      return found
        ? Promise.resolve(found)
        : Promise.reject(new Error(`[reference] expected weight ${name}, got none.`))
    },
  }
  return { spec: checkpoint.spec, logits: (tokens) => referenceLogits(checkpoint.spec, weights, tokens) }
}

/** Reads one weight of a packed folder back into plain arrays. */
async function readPackedWeight(checkpoint: PackedCheckpoint, declaration: WeightDeclaration): Promise<HostWeight> {
  const packed = checkpoint.tensors.get(declaration.name)!
  const file = await open(checkpoint.dataFile, 'r')
  const read = async ({ offset, byteLength }: PackedRange): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(byteLength)
    await file.read(bytes, 0, byteLength, offset)
    return bytes.buffer
  }
  try {
    if (packed.layout === 'rows') {
      const bytes = await read(packed.data)
      const data = packed.dtype === 'f32' ? new Float32Array(bytes) : new Uint16Array(bytes)
      return { kind: declaration.kind === 'vector' ? 'vector' : 'dense', type: packed.dtype, data }
    }
    const [experts, stacks, n, k] = packed.shape
    const { dtype: format, groupSize, parts } = packed
    const scales = await read(packed.scales)
    const tensor = unpackColumns64({
      order: 'columns64',
      format,
      experts,
      stacks: stacks === 2 ? 2 : 1,
      n,
      k,
      groupSize,
      parts,
      codes: new Uint32Array(await read(packed.codes)),
      scales: format === 'fp4' ? new Uint16Array(scales) : new Uint8Array(scales),
      columnScales: packed.columnScales === null ? null : new Float32Array(await read(packed.columnScales)),
    })
    return { kind: 'fp4', tensor }
  } finally {
    await file.close()
  }
}
