/** The float64 reference of a checkpoint: what the application's own logits are compared with. */
import { dequantize } from '@metal-fp4/fp4-quant'
import type { ModelSpec } from '../architectures/index.js'
import { openCheckpoint } from '../checkpoint/index.js'
import { type Quantization, denseValues, readHostWeight } from '../model/host-weights.js'
import { weightTable } from '../model/weight-table.js'
import { type ReferenceWeights, referenceLogits } from './forward.js'
import { readPackedValues } from './packed-weights.js'

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
      const { name } = declaration
      if (checkpoint.kind === 'packed') values.set(name, await readPackedValues(checkpoint, name))
      else {
        const weight = await readHostWeight(checkpoint.store, declaration, quantization)
        values.set(name, weight.kind === 'fp4' ? dequantize(weight.tensor) : denseValues(weight))
      }
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
