/**
 * The packing order `columns64`: tiles of 64 columns, each over all of K, so that one work item reads one stretch of memory from its
 * beginning to its end and 16 lanes take 16 columns. Fused parts that are used together (gate, up) are stacks, each padded to 64
 * columns by itself.
 */
import { type Fp4Format, type QuantizedTensor, checkTensor, formatInfo } from '@metal-fp4/fp4-quant'

/** Weights in the order `columns64`: what FP4 kernels read. */
export interface PackedWeights {
  readonly order: 'columns64'
  readonly format: Fp4Format
  readonly experts: number
  /** 2: two matrices of n columns, the gate's and the up projection's (epilogue `swiglu`). */
  readonly stacks: 1 | 2
  /** Columns of one stack. */
  readonly n: number
  readonly k: number
  readonly groupSize: number
  /** Sizes along N of the fused parts of the tensor that was packed. */
  readonly parts: readonly number[]
  /** `[experts, stacks, ceil(n/64), ceil(k/8), 64]` words of 8 codes along K; 0 in padding. */
  readonly codes: Uint32Array
  /** `[experts, stacks, ceil(n/64), ceil(k/groupSize), 64]`; 0 in padding. */
  readonly scales: Uint8Array | Uint16Array
  /** `[experts, stacks, ceil(n/64) * 64]`, nvfp4 only: the global scale of each column's part; 0 in padding. */
  readonly columnScales: Float32Array | null
}

/** A tensor that cannot be packed as asked, or packed weights whose arrays do not fit their shape. */
export class PackingError extends Error {
  override readonly name: string = 'PackingError'
}

const tileColumns = 64

/**
 * Reorders a quantized tensor, losslessly.
 * @param options.stacks 2 for a tensor whose parts are [F, F] (gate, up), to be used with the epilogue `swiglu`.
 * @throws PackingError when the parts do not fit the stacks, or the group size is one that no kernel takes.
 */
export function packColumns64(tensor: QuantizedTensor, options: { readonly stacks?: 1 | 2 } = {}): PackedWeights {
  checkTensor(tensor, 'packColumns64')
  const { format, experts, k, groupSize, parts } = tensor
  const { stacks = 1 } = options
  checkStacks(tensor, stacks)
  const shape = { format, experts, stacks, n: tensor.n / stacks, k, groupSize }
  const size = sizes(shape)
  const codes = new Uint32Array(size.codes)
  const scales = formatInfo[format].scaleBytes === 2 ? new Uint16Array(size.scales) : new Uint8Array(size.scales)
  for (const block of blocks(shape)) {
    copyIn(tensor.packed, tensor.n, codes, block, size.words)
    copyIn(tensor.scales, tensor.n, scales, block, size.groups)
  }
  const columnScales = formatInfo[format].globalScale ? packGlobalScales(tensor, shape) : null
  return { order: 'columns64', ...shape, parts, codes, scales, columnScales }
}

/**
 * The tensor that was packed.
 * @throws PackingError when an array's length does not fit the shape.
 */
export function unpackColumns64(packed: PackedWeights): QuantizedTensor {
  const { format, experts, stacks, k, groupSize, parts } = packed
  const size = sizes(packed)
  checkLength('codes', packed.codes.length, size.codes)
  checkLength('scales', packed.scales.length, size.scales)
  const n = packed.n * stacks
  const words = new Uint32Array(experts * size.words * n)
  const scaleCount = experts * size.groups * n
  const scales = formatInfo[format].scaleBytes === 2 ? new Uint16Array(scaleCount) : new Uint8Array(scaleCount)
  for (const block of blocks(packed)) {
    copyOut(packed.codes, words, n, block, size.words)
    copyOut(packed.scales, scales, n, block, size.groups)
  }
  const globalScales = unpackGlobalScales(packed, size.columns)
  return { format, layout: 'kn', experts, n, k, groupSize, parts, packed: words, scales, globalScales }
}

type Shape = Pick<PackedWeights, 'format' | 'experts' | 'stacks' | 'n' | 'k' | 'groupSize'>

function sizes({
  experts,
  stacks,
  n,
  k,
  groupSize,
}: Shape): Record<'words' | 'groups' | 'columns' | 'codes' | 'scales', number> {
  const words = Math.ceil(k / 8)
  const groups = Math.ceil(k / groupSize)
  const columns = Math.ceil(n / tileColumns) * tileColumns
  const matrices = experts * stacks
  return { words, groups, columns, codes: matrices * columns * words, scales: matrices * columns * groups }
}

/** Up to 64 columns of one expert and stack. */
interface Block {
  readonly expert: number
  /** Its number among the tiles of all experts and stacks. */
  readonly tile: number
  /** First column in the tensor `kn`. */
  readonly column: number
  readonly width: number
}

function* blocks({ experts, stacks, n }: Shape): Generator<Block> {
  let tile = 0
  for (let expert = 0; expert < experts; expert++) {
    for (let stack = 0; stack < stacks; stack++) {
      for (let column = 0; column < n; column += tileColumns) {
        yield { expert, tile: tile++, column: stack * n + column, width: Math.min(tileColumns, n - column) }
      }
    }
  }
}

type Words = Uint32Array | Uint16Array | Uint8Array

/** Rows [expert, height, n] of words or scales to the tile's [height, 64]. */
function copyIn(source: Words, n: number, target: Words, { expert, tile, column, width }: Block, height: number): void {
  for (let row = 0; row < height; row++) {
    const from = (expert * height + row) * n + column
    target.set(source.subarray(from, from + width), (tile * height + row) * tileColumns)
  }
}

function copyOut(
  source: Words,
  target: Words,
  n: number,
  { expert, tile, column, width }: Block,
  height: number,
): void {
  for (let row = 0; row < height; row++) {
    const from = (tile * height + row) * tileColumns
    target.set(source.subarray(from, from + width), (expert * height + row) * n + column)
  }
}

function packGlobalScales({ parts, globalScales }: QuantizedTensor, shape: Shape): Float32Array {
  const { experts, stacks, n } = shape
  const { columns } = sizes(shape)
  const packed = new Float32Array(experts * stacks * columns)
  for (let expert = 0; expert < experts; expert++) {
    let column = 0
    for (const [part, size] of parts.entries()) {
      // A part never crosses the border of a stack.
      const start = (expert * stacks + Math.floor(column / n)) * columns + (column % n)
      packed.fill(globalScales[expert * parts.length + part], start, start + size)
      column += size
    }
  }
  return packed
}

function unpackGlobalScales({ experts, stacks, n, parts, columnScales }: PackedWeights, columns: number): Float32Array {
  const globalScales = new Float32Array(experts * parts.length).fill(1)
  if (columnScales === null) return globalScales
  checkLength('columnScales', columnScales.length, experts * stacks * columns)
  for (let expert = 0; expert < experts; expert++) {
    let column = 0
    for (const [part, size] of parts.entries()) {
      const at = (expert * stacks + Math.floor(column / n)) * columns + (column % n)
      globalScales[expert * parts.length + part] = columnScales[at]
      column += size
    }
  }
  return globalScales
}

function checkStacks({ parts, groupSize, k }: QuantizedTensor, stacks: number): void {
  const listed = `[${parts.join(', ')}]`
  if (stacks !== 1 && stacks !== 2) fail('stacks 1 or 2', String(stacks), 'Use 2 for gate and up.')
  if (stacks === 2 && (parts.length !== 2 || parts[0] !== parts[1])) {
    fail('parts of two equal sizes for stacks: 2', listed, 'Quantize with parts: [F, F].')
  }
  if (groupSize < k && (groupSize < 16 || groupSize % 8 !== 0)) {
    fail(
      'groupSize of 16 or more in steps of 8, or of at least k',
      String(groupSize),
      'Requantize: words of 8 codes share a scale.',
    )
  }
}

function checkLength(name: string, got: number, expected: number): void {
  if (got !== expected) fail(`${name} of length ${expected}`, String(got), 'Check the shape and the group size.')
}

function fail(expected: string, got: string, fix: string): never {
  throw new PackingError(`[columns64] expected ${expected}, got ${got}. ${fix}`)
}
