/**
 * What the other projects' layouts have in common: row-major codes, two to a byte along K with the even value in the low nibble, and a
 * byte of scale for each group of a row. MLX, gpt-oss, compressed-tensors and ModelOpt store these bytes as they are; GGUF
 * deals them out into blocks. Here they are made from `kn`, which has N contiguous, and back.
 */
import { describe, failLayout, isTypedArray } from '../errors.js'
import { formatInfo } from '../formats.js'
import { type LongWork, type Steps, checkLongWork } from '../long-work.js'
import { type QuantizedTensor, checkShape, checkTensor } from '../tensor.js'

/** An mxfp4 or nvfp4 tensor, row-major; K is a multiple of the group size. */
export interface Fp4Rows {
  readonly format: 'mxfp4' | 'nvfp4'
  readonly experts: number
  readonly n: number
  readonly k: number
  /** `[E, N, K/2]`: value k in the low (k even) or high nibble of byte k div 2. */
  readonly codes: Uint8Array
  /** `[E, N, K/32]` E8M0, or `[E, N, K/16]` E4M3. */
  readonly scales: Uint8Array
  /** `[E]`, multiplied with the scales; all 1 for mxfp4. */
  readonly globalScales: Float32Array
}

/** Options of every `from…`. */
export interface FromOptions extends LongWork {
  /** Sizes along N of the fused parts, summing to N. Default `[n]`. Each gets the global scale of its expert. */
  parts?: readonly number[]
  /** The width that is meant, when the stored K has padding at its end. Default: the stored K. */
  k?: number
}

/** Rows copied together: as many as words fit into a cache line. */
const blockRows = 16

/**
 * A tensor's rows. `multiple` is what K has to be a multiple of.
 * @throws LayoutError when the format has no such layout, K is ragged, or parts of an expert differ in their global scale.
 */
export function* rowsOfTensor(tensor: QuantizedTensor, op: string, multiple: number): Steps<Fp4Rows> {
  checkTensor(tensor, op)
  const { format, experts, n, k, groupSize, packed, scales } = tensor
  if (format === 'fp4') {
    failLayout(op, 'an mxfp4 or nvfp4 tensor', 'fp4 (half scales)', `No other layout has half scales: ${requantizeFix}`)
  }
  if (k % multiple !== 0) {
    const fix = `Widen it with padK(tensor, ${multiple}); the input then needs zeros at its end.`
    failLayout(op, `K to be a multiple of ${multiple}`, `${k}`, fix)
  }
  const globalScales = oneGlobalScale(tensor, op)
  const words = new Uint32Array(packed.length)
  const rowScales = new Uint8Array(scales.length)
  const total = experts * n
  for (let expert = 0; expert < experts; expert++) {
    for (let row = 0; row < n;) {
      const end = Math.min(row + blockRows, n)
      transposeRows(packed, words, expert, n, k / 8, row, end)
      transposeRows(scales, rowScales, expert, n, k / groupSize, row, end)
      row = end
      yield { done: expert * n + row, total }
    }
  }
  return { format, experts, n, k, codes: bytesOf(words), scales: rowScales, globalScales }
}

const requantizeFix = "quantize the weights with format 'mxfp4' or 'nvfp4'."

/** The tensor of checked rows, without the padding that `options.k` drops. */
export function* tensorOfRows(rows: Fp4Rows, options: FromOptions | undefined, op: string): Steps<QuantizedTensor> {
  const { format, experts, n, codes } = rows
  const groupSize = formatInfo[format].defaultGroupSize
  const k = checkKept(options?.k, rows.k, op)
  const parts = [...(options?.parts ?? [n])]
  checkShape({ format, experts, n, k, groupSize, parts }, op) // before anything of its size is allocated
  const groups = Math.ceil(k / groupSize)
  const width = Math.ceil(k / 8)
  const globalScales = new Float32Array(experts * parts.length)
  for (let e = 0; e < experts; e++) {
    globalScales.fill(rows.globalScales[e], e * parts.length, (e + 1) * parts.length)
  }
  const packed = new Uint32Array(experts * width * n)
  const scales = new Uint8Array(experts * groups * n)
  const tensor: QuantizedTensor = {
    format, layout: 'kn', experts, n, k, groupSize, parts, packed, scales, globalScales,
  } // prettier-ignore
  checkTensor(tensor, op)
  const words = wordsOf(codes)
  const total = experts * n
  for (let expert = 0; expert < experts; expert++) {
    for (let row = 0; row < n;) {
      const end = Math.min(row + blockRows, n)
      transposeColumns(words, rows.k / 8, packed, width, expert, n, row, end)
      transposeColumns(rows.scales, rows.k / groupSize, scales, groups, expert, n, row, end)
      row = end
      yield { done: expert * n + row, total }
    }
    if (k % 8 !== 0) clearPadding(packed, (expert * width + width - 1) * n, n, k)
  }
  return tensor
}

/** Checks sizes and the options of a `from…`. @throws LayoutError */
export function checkRowSizes(
  sizes: { readonly experts?: number; readonly n: number; readonly k: number },
  multiple: number,
  options: LongWork | undefined,
  op: string,
): { experts: number; n: number; k: number } {
  checkLongWork(options, op)
  if (typeof sizes !== 'object' || (sizes as unknown) === null) {
    failLayout(op, 'an object with sizes and arrays', describe(sizes), 'Pass what the layout consists of.')
  }
  const { experts = 1, n, k } = sizes
  for (const [name, size] of Object.entries({ experts, n, k })) {
    if (!Number.isSafeInteger(size) || size < 1) {
      failLayout(op, `${name} to be a positive integer`, describe(size), 'n is the output width, k the input width.')
    }
  }
  if (k % multiple !== 0) failLayout(op, `K to be a multiple of ${multiple}`, `${k}`, 'Pass the stored width as k.')
  return { experts, n, k }
}

/** Checks the type and length of one array. @throws LayoutError naming it. */
export function checkArray(
  array: unknown,
  name: string,
  kind: 'Uint8Array' | 'Uint32Array' | 'Float32Array',
  length: number,
  op: string,
): void {
  if (!isTypedArray(array, kind) || (array as Uint8Array).length !== length) {
    failLayout(op, `${name} to be ${kind}(${length})`, describe(array), 'Check n, k, experts and the format.')
  }
}

/** Checks global scales: `[E]`, finite and above 0. @throws LayoutError */
export function checkGlobalScales(scales: Float32Array, name: string, experts: number, op: string): void {
  checkArray(scales, name, 'Float32Array', experts, op)
  const bad = scales.findIndex((scale) => !(scale > 0 && scale < Infinity))
  if (bad >= 0) failLayout(op, `${name} above 0`, `${scales[bad]} for expert ${bad}`, 'The checkpoint is damaged.')
}

/**
 * Refuses scale codes that a layout would read as something else than what they are here.
 * @throws LayoutError for a code above `largest`, naming the row and the group.
 */
export function checkScaleCodes(rows: Fp4Rows, largest: number, what: string, op: string): void {
  const { scales, n, k } = rows
  const groups = k / formatInfo[rows.format].defaultGroupSize
  for (let i = 0; i < scales.length; i++) {
    if (scales[i] <= largest) continue
    const row = Math.floor(i / groups)
    const place = `0x${scales[i].toString(16)} (expert ${Math.floor(row / n)}, row ${row % n}, group ${i % groups})`
    failLayout(op, `scale codes of 0..0x${largest.toString(16)}, ${what}`, place, 'Replace the NaN or negative scale.')
  }
}

/** The bytes of words, little-endian as every platform with JavaScript is. */
export function bytesOf(words: ArrayBufferView): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}

/** Whole words of bytes: a view where they are aligned, else a copy. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const at = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Uint32Array(at.buffer, at.byteOffset, Math.floor(at.length / 4))
}

function oneGlobalScale({ experts, parts, globalScales }: QuantizedTensor, op: string): Float32Array {
  return Float32Array.from({ length: experts }, (_, expert) => {
    const ofParts = globalScales.subarray(expert * parts.length, (expert + 1) * parts.length)
    if (ofParts.some((scale) => scale !== ofParts[0])) {
      const fix = 'Convert the parts one by one: splitParts(tensor).'
      failLayout(op, 'one global scale for all parts', `${ofParts.join(', ')} in expert ${expert}`, fix)
    }
    return ofParts[0]
  })
}

function checkKept(k: number | undefined, stored: number, op: string): number {
  if (k === undefined) return stored
  if (Number.isSafeInteger(k) && k >= 1 && k <= stored) return k
  return failLayout(op, `k of 1..${stored}, the stored width`, describe(k), 'Leave it out to keep the stored width.')
}

/** `[width, n]` of one expert in `source` to `[n, width]` in `target`, rows `row0 .. row1 - 1` of the target. */
function transposeRows<T extends Uint32Array | Uint16Array | Uint8Array>(
  source: T,
  target: Uint32Array | Uint8Array,
  expert: number,
  n: number,
  width: number,
  row0: number,
  row1: number,
): void {
  const base = expert * width * n
  for (let w = 0; w < width; w++) {
    const from = base + w * n
    for (let row = row0; row < row1; row++) target[base + row * width + w] = source[from + row]
  }
}

/** The first `width` of `stored` columns of `[n, stored]` to `[width, n]`. */
function transposeColumns(
  source: Uint32Array | Uint8Array,
  stored: number,
  target: Uint32Array | Uint8Array,
  width: number,
  expert: number,
  n: number,
  row0: number,
  row1: number,
): void {
  for (let w = 0; w < width; w++) {
    const to = (expert * width + w) * n
    for (let row = row0; row < row1; row++) target[to + row] = source[(expert * n + row) * stored + w]
  }
}

/** Zeroes the codes from k on in the last word of each column. */
function clearPadding(packed: Uint32Array, base: number, n: number, k: number): void {
  const mask = (1 << (4 * (k % 8))) - 1
  for (let row = 0; row < n; row++) packed[base + row] &= mask
}
