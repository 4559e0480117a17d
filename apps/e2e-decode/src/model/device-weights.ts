/** A model's weights in a device's memory, by the names of `weightTable`. */
import { type Weights, denseWeightsFrom, fp4WeightsFrom, uploadDense, uploadFp4 } from '@metal-fp4/dispatch'
import type { Device, DeviceBuffer } from '@metal-fp4/metal-core'
import type { HuggingFaceCheckpoint, PackedCheckpoint } from '../checkpoint/index.js'
import type { PackedTensor } from '../checkpoint/packed-format.js'
import { type HostWeight, type Quantization, denseValues, readHostWeight } from './host-weights.js'
import { WeightQuantizer } from './quantizer.js'
import { type MatrixDeclaration, type WeightDeclaration, weightTable } from './weight-table.js'

export interface LoadControl {
  /** Called after each weight with the number done, the number in all and its name. */
  readonly onProgress?: (done: number, total: number, name: string) => void
  readonly signal?: AbortSignal
  /** For quantizing; as many as there are when left out. */
  readonly threads?: number
}

/** Vectors are float32, matrices as dispatch takes them. */
export class DeviceWeights {
  readonly #vectors = new Map<string, DeviceBuffer>()
  readonly #matrices = new Map<string, Weights>()
  readonly #owned: { dispose(): void }[] = []

  vector(name: string): DeviceBuffer {
    return this.#vectors.get(name) ?? missing(name)
  }

  matrix(name: string): Weights {
    return this.#matrices.get(name) ?? missing(name)
  }

  addVector(device: Device, name: string, values: Float32Array): void {
    const buffer = device.createBuffer({ data: values, storage: 'private', label: name })
    this.#owned.push(buffer)
    this.#vectors.set(name, buffer)
  }

  addMatrix(name: string, weights: Weights): void {
    this.#owned.push(weights)
    this.#matrices.set(name, weights)
  }

  /** Something to free with the weights: the mapped file that they are views of. */
  own(disposable: { dispose(): void }): void {
    this.#owned.unshift(disposable)
  }

  dispose(): void {
    // Views before what they are views of.
    for (const one of this.#owned.reverse()) one.dispose()
    this.#owned.length = 0
  }
}

/** Reads a Hugging Face checkpoint, quantizes it as asked, and copies it to the device, a weight at a time. */
export async function uploadCheckpoint(
  device: Device,
  checkpoint: HuggingFaceCheckpoint,
  quantization: Quantization,
  control: LoadControl,
): Promise<DeviceWeights> {
  const { spec, architecture, store } = checkpoint
  await using quantizer = new WeightQuantizer(control.threads)
  return await fill(weightTable(spec, architecture.names), control, async (weights, declaration) => {
    const host = await readHostWeight(store, declaration, quantization, { signal: control.signal, quantizer })
    if (declaration.kind === 'vector')
      weights.addVector(device, declaration.name, denseValues(host as HostWeight & { kind: 'vector' }))
    else weights.addMatrix(declaration.name, await uploadMatrix(device, declaration, host))
  })
}

/** Maps a packed folder's data and uses it where it is; only the vectors (a thousandth of it) are copied. */
export async function mapCheckpoint(
  device: Device,
  checkpoint: PackedCheckpoint,
  control: LoadControl,
): Promise<DeviceWeights> {
  const { spec, architecture, dataFile, dataBytes, tensors } = checkpoint
  const file = device.mapFile(dataFile, { offset: 0, byteLength: dataBytes })
  try {
    const weights = await fill(weightTable(spec, architecture.names), control, async (target, declaration) => {
      const packed = tensors.get(declaration.name)!
      if (declaration.kind === 'vector') target.addVector(device, declaration.name, await readVector(file, packed))
      else target.addMatrix(declaration.name, viewMatrix(file, packed))
    })
    weights.own(file)
    return weights
  } catch (error) {
    file.dispose()
    throw error
  }
}

/** Goes through the table; disposes what was made when something fails on the way. */
export async function fill(
  table: readonly WeightDeclaration[],
  { onProgress, signal }: LoadControl,
  add: (weights: DeviceWeights, declaration: WeightDeclaration) => Promise<void>,
): Promise<DeviceWeights> {
  const weights = new DeviceWeights()
  try {
    for (const [done, declaration] of table.entries()) {
      signal?.throwIfAborted()
      await add(weights, declaration)
      onProgress?.(done + 1, table.length, declaration.name)
    }
    return weights
  } catch (error) {
    weights.dispose()
    throw error
  }
}

async function uploadMatrix(device: Device, declaration: MatrixDeclaration, host: HostWeight): Promise<Weights> {
  const { experts, stacks, n, k } = declaration
  if (host.kind === 'fp4') return uploadFp4(device, host.tensor, { stacks })
  return uploadDense(device, { n, k, experts, stacks, type: host.type, values: host.data })
}

async function readVector(file: DeviceBuffer, packed: PackedTensor): Promise<Float32Array> {
  if (packed.layout !== 'rows') throw new Error('[packed] expected a vector in rows, got columns64.')
  const { offset, byteLength } = packed.data
  const { buffer } = await file.read(offset, byteLength)
  const data = packed.dtype === 'f32' ? new Float32Array(buffer) : new Uint16Array(buffer)
  return denseValues({ type: packed.dtype, data })
}

function viewMatrix(file: DeviceBuffer, packed: PackedTensor): Weights {
  const [experts, stacks, n, k] = packed.shape
  const shape = { experts, stacks: stacks === 2 ? 2 : 1, n, k } as const
  const view = ({ offset, byteLength }: { offset: number; byteLength: number }): ReturnType<DeviceBuffer['view']> =>
    file.view(offset, byteLength)
  if (packed.layout === 'rows') return denseWeightsFrom({ type: packed.dtype, ...shape, weights: view(packed.data) })
  return fp4WeightsFrom({
    format: packed.dtype,
    groupSize: packed.groupSize,
    ...shape,
    codes: view(packed.codes),
    scales: view(packed.scales),
    columnScales: packed.columnScales === null ? null : view(packed.columnScales),
  })
}

function missing(name: string): never {
  throw new Error(`[weights] expected weight ${name}, got none.`)
}
