/** What is in a model's folder: tensors, formats and bytes, and how far quantizing takes each from the original. */
import type { ErrorMeasure } from '@metal-fp4/fp4-quant'
import { type Checkpoint, openCheckpoint } from '../checkpoint/index.js'
import { failOption } from '../errors.js'
import { shareOf } from '../model/describe.js'
import type { Quantization } from '../model/host-weights.js'
import { resolveQuantization } from '../model/quantization.js'
import { WeightQuantizer } from '../model/quantizer.js'
import { type WeightDeclaration, weightCount, weightTable } from '../model/weight-table.js'
import { type ErrorTotal, addError, errorOf, measureWeight } from './measure.js'
import { storedAs } from './stored.js'

export interface InspectOptions {
  /** Of a packed folder: the checkpoint that it was packed from, which its values are compared with. */
  readonly original?: string
  /** Of a Hugging Face folder, and no other: how it would be quantized. Default fp4. */
  readonly quantization?: Quantization
  /** Whether to compare values, which reads all of them. Default true, where there is something to compare with. */
  readonly measure?: boolean
  /** Called after each tensor with the number done and the number in all. */
  readonly onProgress?: (done: number, total: number, name: string) => void
  /** Threads that large matrices are quantized on. Default: those that the process may use. */
  readonly threads?: number
  readonly signal?: AbortSignal
}

export interface InspectedTensor {
  /** Our name: `layers.3.queryKeyValue`. */
  readonly name: string
  readonly layer: number | undefined
  /** 'fp4', 'mxfp4', 'nvfp4', 'f32', 'f16', 'bf16': as it is on a device, or would be. */
  readonly format: string
  readonly groupSize: number | undefined
  /** [experts, stacks, n, k], or [length]. */
  readonly shape: readonly number[]
  readonly parameters: number
  /** On a device, padding included. */
  readonly bytes: number
  /** Of what is quantized: its distance from the original. */
  readonly error: ErrorMeasure | undefined
}

export interface InspectedLayer {
  readonly layer: number
  readonly formats: readonly string[]
  readonly parameters: number
  readonly bytes: number
  /** Of all that is quantized in it. */
  readonly error: ErrorMeasure | undefined
}

export interface Inspection {
  readonly folder: string
  readonly kind: 'packed' | 'huggingface'
  readonly architecture: string
  readonly parameters: number
  /** Bytes of all weights on a device, and of those that a token reads. */
  readonly weightBytes: number
  readonly bytesPerToken: number
  readonly tensors: readonly InspectedTensor[]
  readonly layers: readonly InspectedLayer[]
  /** Of all that is quantized. */
  readonly error: ErrorMeasure | undefined
}

/**
 * Looks at a packed or a Hugging Face folder. A Hugging Face folder is described as it would be after quantizing, and with `measure`
 * it is quantized, a tensor at a time. @throws CheckpointError, OptionError, the signal's reason
 */
export async function inspectModel(folder: string, options: InspectOptions = {}): Promise<Inspection> {
  const { original, measure = true } = options
  const { mode, groupSize, scales } = options.quantization ?? { mode: 'fp4' }
  const quantization = resolveQuantization('inspect', { mode, groupSize, scales })
  const checkpoint = await openCheckpoint(folder)
  let reference: HuggingFace | undefined
  try {
    if (checkpoint.kind === 'packed' && options.quantization !== undefined) {
      const fix = 'It is packed already: leave the format out, or inspect the original checkpoint.'
      failOption('inspect', `no format (quantization, --q-mode) for ${folder}`, 'one', fix)
    }
    reference = await openReferenceFor(checkpoint, original)
    await using quantizer = new WeightQuantizer(options.threads)
    const { spec, architecture } = checkpoint
    const table = weightTable(spec, architecture.names)
    const tensors: InspectedTensor[] = []
    const totals = new Map<number | undefined, ErrorTotal>()
    const whole: ErrorTotal = { values: 0, noise: 0, signal: 0, largest: 0, product: 0, actual: 0 }
    for (const [done, declaration] of table.entries()) {
      options.signal?.throwIfAborted()
      const tensor = describeTensor(checkpoint, declaration, quantization)
      const error =
        measure && reference
          ? await measureWeight(checkpoint, reference, declaration, quantization, { signal: options.signal, quantizer })
          : undefined
      if (error !== undefined) {
        const total = totals.get(tensor.layer) ?? { values: 0, noise: 0, signal: 0, largest: 0, product: 0, actual: 0 }
        totals.set(tensor.layer, addError(total, error))
        addError(whole, error)
      }
      tensors.push({ ...tensor, error: error && errorOf(error) })
      options.onProgress?.(done + 1, table.length, declaration.name)
    }
    const read = tensors.reduce((sum, { bytes }, i) => sum + bytes * shareOf(spec, table[i]), 0)
    return {
      folder,
      kind: checkpoint.kind,
      architecture: spec.architecture,
      parameters: sum(tensors, 'parameters'),
      weightBytes: sum(tensors, 'bytes'),
      bytesPerToken: Math.round(read),
      tensors,
      layers: layersOf(tensors, totals),
      error: whole.values === 0 ? undefined : errorOf(whole),
    }
  } finally {
    if (checkpoint.kind === 'huggingface') await checkpoint.store.close()
    if (reference !== undefined && reference !== checkpoint) await reference.store.close()
  }
}

type HuggingFace = Extract<Checkpoint, { kind: 'huggingface' }>

/** Where the original values are: in the folder itself, or in the one that was named. */
async function openReferenceFor(
  checkpoint: Checkpoint,
  original: string | undefined,
): Promise<HuggingFace | undefined> {
  if (original === undefined) return checkpoint.kind === 'huggingface' ? checkpoint : undefined
  if (checkpoint.kind === 'huggingface') {
    return failOption('inspect', 'no original for a Hugging Face folder, which is one', original, 'Leave it out.')
  }
  const reference = await openCheckpoint(original)
  if (reference.kind !== 'huggingface') {
    return failOption(
      'inspect',
      'the Hugging Face folder that it was packed from',
      `${original}, which is packed`,
      'Name the original.',
    )
  }
  const shape = ({ spec, architecture }: Checkpoint): string =>
    JSON.stringify(
      weightTable(spec, architecture.names).map(({ name, ...rest }) => [
        name,
        rest.kind === 'vector' ? rest.length : [rest.experts, rest.n, rest.k],
      ]),
    )
  if (shape(reference) !== shape(checkpoint)) {
    await reference.store.close()
    return failOption(
      'inspect',
      `the checkpoint that ${checkpoint.folder} was packed from`,
      `${original}, with other tensors`,
      'Name the original.',
    )
  }
  return reference
}

function describeTensor(
  checkpoint: Checkpoint,
  declaration: WeightDeclaration,
  quantization: Quantization,
): Omit<InspectedTensor, 'error'> {
  const { name } = declaration
  const layer = /^layers\.(\d+)\./.exec(name)?.[1]
  const stored = storedAs(checkpoint, declaration, quantization)
  return {
    name,
    layer: layer === undefined ? undefined : Number(layer),
    parameters: weightCount(declaration),
    ...stored,
  }
}

function layersOf(
  tensors: readonly InspectedTensor[],
  totals: ReadonlyMap<number | undefined, ErrorTotal>,
): InspectedLayer[] {
  const indices = [...new Set(tensors.flatMap(({ layer }) => layer ?? []))]
  return indices.map((layer) => {
    const own = tensors.filter((tensor) => tensor.layer === layer)
    const total = totals.get(layer)
    const formats = [...new Set(own.filter(({ shape }) => shape.length > 1).map(({ format }) => format))]
    return {
      layer,
      formats,
      parameters: sum(own, 'parameters'),
      bytes: sum(own, 'bytes'),
      error: total && errorOf(total),
    }
  })
}

function sum(tensors: readonly InspectedTensor[], key: 'parameters' | 'bytes'): number {
  return tensors.reduce((total, tensor) => total + tensor[key], 0)
}
