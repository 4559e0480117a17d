/** Tensors cut into experts or fused parts, joined again, and widened: what layouts without one of these need. */
import { describe, failLayout } from '../errors.js'
import { type QuantizedTensor, checkTensor, sameSizes } from '../tensor.js'

/** One tensor for each expert, as views of the same memory. @throws QuantizationError when the tensor is none. */
export function splitExperts(tensor: QuantizedTensor): QuantizedTensor[] {
  checkTensor(tensor, 'splitExperts')
  const { experts, packed, scales, globalScales } = tensor
  const slice = <T extends Uint32Array | Uint16Array | Uint8Array | Float32Array>(array: T, e: number): T => {
    const size = array.length / experts
    return array.subarray(e * size, (e + 1) * size) as T
  }
  return Array.from({ length: experts }, (_, e) => ({
    ...tensor,
    experts: 1,
    packed: slice(packed, e),
    scales: slice(scales, e),
    globalScales: slice(globalScales, e),
  }))
}

/** The experts of several tensors as one tensor. @throws LayoutError unless they agree in all but the number of experts. */
export function joinExperts(tensors: readonly QuantizedTensor[]): QuantizedTensor {
  const first = checkAlike(tensors, 'joinExperts', ['format', 'n', 'k', 'groupSize', 'parts'])
  return {
    ...first,
    experts: tensors.reduce((sum, { experts }) => sum + experts, 0),
    packed: concatenate(tensors.map(({ packed }) => packed)),
    scales: concatenate(tensors.map(({ scales }) => scales)),
    globalScales: concatenate(tensors.map(({ globalScales }) => globalScales)),
  }
}

/** One tensor for each fused part (q, k, v; gate, up), with its own global scale. @throws QuantizationError when the tensor is none. */
export function splitParts(tensor: QuantizedTensor): QuantizedTensor[] {
  checkTensor(tensor, 'splitParts')
  const { experts, n, parts, packed, scales, globalScales } = tensor
  let start = 0
  return parts.map((size, part) => {
    const first = start
    start += size
    return {
      ...tensor,
      n: size,
      parts: [size],
      packed: columns(packed, n, first, size),
      scales: columns(scales, n, first, size),
      globalScales: Float32Array.from({ length: experts }, (_, e) => globalScales[e * parts.length + part]),
    }
  })
}

/** Tensors side by side along N as the fused parts of one. @throws LayoutError unless they agree in all but N. */
export function joinParts(tensors: readonly QuantizedTensor[]): QuantizedTensor {
  const first = checkAlike(tensors, 'joinParts', ['format', 'experts', 'k', 'groupSize'])
  const { experts } = first
  const globalScales = Array.from({ length: experts }, (_, e) =>
    tensors.flatMap((tensor) => [
      ...tensor.globalScales.subarray(e * tensor.parts.length, (e + 1) * tensor.parts.length),
    ]),
  )
  const sizes = tensors.map(({ n }) => n)
  return {
    ...first,
    n: sizes.reduce((sum, n) => sum + n, 0),
    parts: tensors.flatMap(({ parts }) => [...parts]),
    packed: interleave(tensors.map(({ packed }) => packed), sizes),
    scales: interleave(tensors.map(({ scales }) => scales), sizes),
    globalScales: Float32Array.from(globalScales.flat()),
  } // prettier-ignore
}

/**
 * The tensor widened along K to the next multiple of `multiple` with zeros (code 0, scale code 0): the values are the same, and an input
 * has to be widened with zeros as well. `from…` with `{ k }` takes the zeros away again.
 * @throws QuantizationError when the tensor or the multiple is none.
 */
export function padK(tensor: QuantizedTensor, multiple: number): QuantizedTensor {
  checkTensor(tensor, 'padK')
  if (!Number.isSafeInteger(multiple) || multiple < 1) {
    failLayout('padK', 'a positive integer', describe(multiple), 'Pass what K shall be a multiple of.')
  }
  const { experts, n, groupSize, packed, scales } = tensor
  const k = Math.ceil(tensor.k / multiple) * multiple
  if (k === tensor.k) return tensor
  return {
    ...tensor,
    k,
    packed: heighten(packed, experts, Math.ceil(k / 8) * n),
    scales: heighten(scales, experts, Math.ceil(k / groupSize) * n),
  }
}

type Words = Uint32Array | Uint16Array | Uint8Array

/** `size` columns from `first` on of matrices `[…, n]`. */
function columns<T extends Words>(array: T, n: number, first: number, size: number): T {
  const rows = array.length / n
  const out = new (array.constructor as new (length: number) => T)(rows * size)
  for (let r = 0; r < rows; r++) out.set(array.subarray(r * n + first, r * n + first + size), r * size)
  return out
}

/** Matrices `[…, sizes[i]]` side by side. */
function interleave<T extends Words>(arrays: readonly T[], sizes: readonly number[]): T {
  const n = sizes.reduce((sum, size) => sum + size, 0)
  const rows = arrays[0].length / sizes[0]
  const out = new (arrays[0].constructor as new (length: number) => T)(rows * n)
  let column = 0
  for (const [i, array] of arrays.entries()) {
    for (let r = 0; r < rows; r++) out.set(array.subarray(r * sizes[i], (r + 1) * sizes[i]), r * n + column)
    column += sizes[i]
  }
  return out
}

function concatenate<T extends Words | Float32Array>(arrays: readonly T[]): T {
  const length = arrays.reduce((sum, array) => sum + array.length, 0)
  const out = new (arrays[0].constructor as new (length: number) => T)(length)
  let at = 0
  for (const array of arrays) {
    out.set(array, at)
    at += array.length
  }
  return out
}

/** Blocks of one expert each, lengthened to `size` with zeros. */
function heighten<T extends Words>(array: T, experts: number, size: number): T {
  const out = new (array.constructor as new (length: number) => T)(experts * size)
  const old = array.length / experts
  for (let e = 0; e < experts; e++) out.set(array.subarray(e * old, (e + 1) * old), e * size)
  return out
}

function checkAlike(
  tensors: readonly QuantizedTensor[],
  op: string,
  fields: readonly ('format' | 'experts' | 'n' | 'k' | 'groupSize' | 'parts')[],
): QuantizedTensor {
  const given: unknown = tensors
  if (!Array.isArray(given) || tensors.length === 0) {
    failLayout(op, 'an array of tensors', describe(tensors), 'Pass at least one.')
  }
  const first = tensors[0]
  for (const [i, tensor] of tensors.entries()) {
    checkTensor(tensor, op)
    for (const field of fields) {
      const same = field === 'parts' ? sameSizes(tensor.parts, first.parts) : tensor[field] === first[field]
      if (same) continue
      const expected = `tensors of ${field} ${describe(first[field])}`
      // Long lists are shown in part.
      const got = describe(tensor[field]) === describe(first[field]) ? 'others' : describe(tensor[field])
      failLayout(op, expected, `${got} at index ${i}`, 'Quantize them alike.')
    }
  }
  return first
}
