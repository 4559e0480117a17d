/** Weights that are already in a device's memory: views of a mapped file, or of a larger buffer. */
import { type Fp4Format, formatInfo, isFp4Format } from '@metal-fp4/fp4-quant'
import { fail } from './errors.js'
import { type DenseType, denseTypes, isDenseType } from './problem.js'
import type { DenseWeights, Fp4Weights, WeightMemory } from './weights.js'

export interface Fp4WeightViews {
  readonly format: Fp4Format
  readonly n: number
  readonly k: number
  readonly groupSize: number
  /** Default 1. */
  readonly experts?: number
  /** Default 1. */
  readonly stacks?: 1 | 2
  /** Default 'columns64'. */
  readonly order?: 'columns64' | 'kn'
  readonly codes: WeightMemory
  readonly scales: WeightMemory
  readonly columnScales?: WeightMemory | null
}

export interface DenseWeightViews {
  readonly type: DenseType
  readonly n: number
  readonly k: number
  readonly experts?: number
  readonly stacks?: 1 | 2
  readonly weights: WeightMemory
}

/** What disposing weights frees besides nothing: the buffers that were made for them. */
type Owned = readonly { dispose(): void }[]

/**
 * Checks that the views are as large as the shape asks for. The views stay the caller's: `dispose()` of the result frees
 * only what is passed as `owned`.
 * @throws DispatchError naming the view, its expected and its given bytes.
 */
export function fp4WeightsFrom(views: Fp4WeightViews, owned: Owned = []): Fp4Weights {
  const op = 'fp4WeightsFrom'
  const { format, n, k, groupSize, experts = 1, stacks = 1, order = 'columns64', codes, scales } = views
  if (!isFp4Format(format))
    fail(op, 'format fp4, mxfp4 or nvfp4', String(format), 'Use denseWeightsFrom for other types.')
  checkShape(op, { n, k, groupSize, experts, stacks })
  const columns = experts * stacks * (order === 'kn' ? n : Math.ceil(n / 64) * 64)
  const columnScales = views.columnScales ?? null
  checkBytes(op, 'codes', codes, columns * Math.ceil(k / 8) * 4)
  checkBytes(op, 'scales', scales, columns * Math.ceil(k / groupSize) * formatInfo[format].scaleBytes)
  if (order === 'columns64' && formatInfo[format].globalScale) {
    if (columnScales === null) fail(op, `columnScales for ${format}`, 'none', 'Pass the float32 scale of each column.')
    checkBytes(op, 'columnScales', columnScales, columns * 4)
  } else if (columnScales !== null) {
    fail(op, `no columnScales for ${format} in order ${order}`, 'some', 'Leave them out.')
  }
  return { format, n, k, groupSize, experts, stacks, order, codes, scales, columnScales, ...disposing(owned) }
}

/** As fp4WeightsFrom, for weights that are not quantized: row-major [experts, stacks, n, k]. */
export function denseWeightsFrom(views: DenseWeightViews, owned: Owned = []): DenseWeights {
  const op = 'denseWeightsFrom'
  const { type, n, k, experts = 1, stacks = 1, weights } = views
  if (!isDenseType(type)) fail(op, `type ${denseTypes.join(', ')}`, String(type), 'Use fp4WeightsFrom for FP4 formats.')
  checkShape(op, { n, k, experts, stacks })
  checkBytes(op, 'weights', weights, experts * stacks * n * k * (type === 'f32' ? 4 : 2))
  return { type, n, k, experts, stacks, weights, ...disposing(owned) }
}

function checkShape(op: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isSafeInteger(size) || size < 1)
      fail(op, `${name} to be a positive integer`, String(size), 'Check the shape.')
  }
  if (sizes.stacks > 2) fail(op, 'stacks 1 or 2', String(sizes.stacks), 'Gate and up are 2, anything else 1.')
}

function checkBytes(op: string, name: string, memory: WeightMemory, bytes: number): void {
  if (memory.byteLength < bytes) {
    fail(
      op,
      `${name} of at least ${bytes} bytes`,
      `${memory.byteLength} bytes`,
      'Check n, k, groupSize, experts and stacks.',
    )
  }
}

function disposing(owned: Owned): { dispose(): void; [Symbol.dispose](): void } {
  const dispose = (): void => {
    for (const one of owned) one.dispose()
  }
  return { dispose, [Symbol.dispose]: dispose }
}
