/** Weights on their way from a file to a device, as plain arrays: dense as the checkpoint has them, or quantized. */
import {
  type Fp4Format,
  type QuantizedTensor,
  type ScaleRule,
  type WeightValues,
  quantizeAsync,
  toFloat32Array,
} from '@metal-fp4/fp4-quant'
import { failCheckpoint } from '../errors.js'
import type { RawTensor } from '../checkpoint/safetensors.js'
import type { TensorStore } from '../checkpoint/tensor-store.js'
import type { QuantizeWork } from './quantizer.js'
import type { MatrixDeclaration, VectorDeclaration, WeightDeclaration } from './weight-table.js'

export type DenseType = RawTensor['type']

export interface HostVector {
  readonly kind: 'vector'
  readonly type: DenseType
  readonly data: Float32Array | Uint16Array
}

/** `[experts, stacks, n, k]`, row-major. */
export interface HostDense {
  readonly kind: 'dense'
  readonly type: DenseType
  readonly data: Float32Array | Uint16Array
}

/** Its n is that of all stacks together. */
export interface HostFp4 {
  readonly kind: 'fp4'
  readonly tensor: QuantizedTensor
}

export type HostWeight = HostVector | HostDense | HostFp4

/** How projections are stored on the device. */
export type QuantizeMode = 'none' | Fp4Format

export interface Quantization {
  readonly mode: QuantizeMode
  /** Values that share a scale; the format's own when left out. Only `fp4` has a choice. */
  readonly groupSize?: number
  /** Default 'absmax'; 'mse' has the least squared error and takes many times as long. */
  readonly scales?: ScaleRule
}

/** Whether a matrix is quantized at all: the router decides between experts, a table of rows is read a row at a time. */
export function isQuantized(declaration: MatrixDeclaration, { mode }: Quantization): boolean {
  return mode !== 'none' && declaration.role === 'projection'
}

/** Reads one weight of a Hugging Face checkpoint, an expert at a time, quantized on the way when it is to be. */
export async function readHostWeight(
  store: TensorStore,
  declaration: WeightDeclaration,
  quantization: Quantization,
  work: QuantizeWork = {},
): Promise<HostWeight> {
  if (declaration.kind === 'vector') return readVector(store, declaration)
  if (!isQuantized(declaration, quantization)) return readDense(store, declaration)
  const { experts, parts, k } = declaration
  const tensors: QuantizedTensor[] = []
  const rows = parts.map((part) => part.rows)
  for (let expert = 0; expert < experts; expert++) {
    const raws = await readParts(store, declaration, expert)
    try {
      tensors.push(await quantizeMatrix(joinParts(raws), rows, k, quantization, work))
    } catch (error) {
      work.signal?.throwIfAborted()
      rejectNotFinite(
        store,
        parts.map(({ tensor }) => tensor(expert)),
        raws,
      )
      throw error
    }
  }
  return { kind: 'fp4', tensor: stackExperts(tensors) }
}

/** Checks that a checkpoint has a weight in the right shape, without reading it. @throws CheckpointError */
export function checkWeight(store: TensorStore, declaration: WeightDeclaration): void {
  if (declaration.kind === 'vector') {
    store.check(declaration.tensor, [declaration.length])
    return
  }
  for (let expert = 0; expert < declaration.experts; expert++) {
    for (const { rows, tensor } of declaration.parts) store.check(tensor(expert), [rows, declaration.k])
  }
}

/** A dense weight's values as float32, exact. */
export function denseValues({ type, data }: { type: DenseType; data: Float32Array | Uint16Array }): Float32Array {
  return toFloat32Array(asWeightValues({ type, data } as RawTensor))
}

/** Quantizes a matrix of fused parts, `[rows of all parts, k]`, without holding up the event loop. */
export async function quantizeMatrix(
  values: RawTensor,
  parts: readonly number[],
  k: number,
  quantization: Quantization,
  { signal, quantizer }: QuantizeWork = {},
): Promise<QuantizedTensor> {
  const { mode, groupSize, scales = 'absmax' } = quantization
  const n = parts.reduce((sum, rows) => sum + rows, 0)
  const format = mode as Fp4Format
  const group = groupSize === undefined ? {} : { groupSize }
  const options = { n, k, format, parts, scales, ...group, ...(signal ? { signal } : {}) }
  return quantizer
    ? quantizer.quantize(asWeightValues(values), options)
    : quantizeAsync(asWeightValues(values), options)
}

/** Names the tensor that made quantization fail, when it was one with a NaN or an infinity. */
export function rejectNotFinite(store: TensorStore, tensors: readonly string[], raws: readonly RawTensor[]): void {
  for (const [i, raw] of raws.entries()) {
    const values = denseValues(raw)
    const index = values.findIndex((value) => !Number.isFinite(value))
    if (index < 0) continue
    const tensor = tensors[i]
    const got = `${values[index]} at index ${index}`
    const fix = 'The checkpoint is damaged, or was saved while it diverged.'
    failCheckpoint({ file: store.fileOf(tensor), tensor, expected: 'finite values', got, fix })
  }
}

/** As fp4-quant takes them. */
export function asWeightValues(raw: RawTensor): WeightValues {
  return raw.type === 'f32' ? raw.data : { type: raw.type === 'f16' ? 'half' : 'bfloat16', bits: raw.data }
}

async function readVector(store: TensorStore, { tensor, length }: VectorDeclaration): Promise<HostVector> {
  const { type, data } = await store.read(tensor, [length])
  return { kind: 'vector', type, data }
}

async function readDense(store: TensorStore, declaration: MatrixDeclaration): Promise<HostDense> {
  const raws: RawTensor[] = []
  for (let expert = 0; expert < declaration.experts; expert++)
    raws.push(...(await readParts(store, declaration, expert)))
  const { type, data } = joinParts(raws)
  return { kind: 'dense', type, data }
}

async function readParts(store: TensorStore, { parts, k }: MatrixDeclaration, expert: number): Promise<RawTensor[]> {
  const raws: RawTensor[] = []
  for (const { rows, tensor } of parts) raws.push(await store.read(tensor(expert), [rows, k]))
  return raws
}

/** The values of one expert's matrix as the checkpoint has them, its parts one after the other: `[rows of all parts, k]`. */
export async function readMatrix(
  store: TensorStore,
  declaration: MatrixDeclaration,
  expert: number,
): Promise<RawTensor> {
  return joinParts(await readParts(store, declaration, expert))
}

/** One after the other in one array; float32 when their types differ. */
function joinParts(raws: readonly RawTensor[]): RawTensor {
  if (raws.length === 1) return raws[0]
  const shape = [raws.reduce((sum, raw) => sum + raw.data.length, 0)]
  const [{ type }] = raws
  if (type !== 'f32' && raws.every((raw) => raw.type === type)) {
    return {
      type,
      shape,
      data: concatenate(
        new Uint16Array(shape[0]),
        raws.map((raw) => raw.data),
      ),
    }
  }
  return { type: 'f32', shape, data: concatenate(new Float32Array(shape[0]), raws.map(denseValues)) }
}

function stackExperts(tensors: readonly QuantizedTensor[]): QuantizedTensor {
  const [first] = tensors
  if (tensors.length === 1) return first
  const total = (key: 'packed' | 'scales' | 'globalScales'): number => tensors.length * first[key].length
  const scales =
    first.scales instanceof Uint16Array ? new Uint16Array(total('scales')) : new Uint8Array(total('scales'))
  return {
    ...first,
    experts: tensors.length,
    packed: concatenate(
      new Uint32Array(total('packed')),
      tensors.map((tensor) => tensor.packed),
    ),
    scales: concatenate(
      scales,
      tensors.map((tensor) => tensor.scales),
    ),
    globalScales: concatenate(
      new Float32Array(total('globalScales')),
      tensors.map((tensor) => tensor.globalScales),
    ),
  }
}

function concatenate<A extends { set(from: ArrayLike<number>, at: number): void }>(
  into: A,
  from: readonly ArrayLike<number>[],
): A {
  let at = 0
  for (const array of from) {
    into.set(array, at)
    at += array.length
  }
  return into
}
