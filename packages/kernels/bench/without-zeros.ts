/**
 * Inputs for counting useful work: no factor of a product is zero but for padding, which is. What multiplies by zero is then work
 * on rows, columns or values of K that do not exist.
 */
import type { ResolvedArgument } from '../src/index.js'
import { type ArgumentArray, argumentArray } from './arrays.js'

/** Size of the matrix that codes are of: beyond it there is padding. */
export interface MatrixSize {
  readonly n: number
  readonly k: number
}

/** An array for one argument, as `argumentArray`, but without zeros, and with zero codes where there is no weight. */
export function argumentWithoutZeros(argument: ResolvedArgument, size: MatrixSize): ArgumentArray {
  const array = argumentArray(argument)
  const { type, packing } = argument.definition
  if (type === 'codes') {
    for (let i = 0; i < array.length; i++) array[i] = withoutZeroCodes(array[i]) & existing(i, packing, size)
    return array
  }
  const zero = array.findIndex((value) => value === 0)
  if (zero >= 0) array.forEach((value, i) => void (array[i] = value === 0 ? 1 : value))
  return array
}

/** Codes 0 and 8 are zeros: the ones among the eight of a word become 1 and 9. */
function withoutZeroCodes(word: number): number {
  const magnitudes = word & 0x77777777
  const nonZero = (magnitudes | (magnitudes >>> 1) | (magnitudes >>> 2)) & 0x11111111
  return word | (nonZero ^ 0x11111111)
}

/** A mask of the codes of word i that stand for weights of the matrix. */
function existing(i: number, packing: string | undefined, { n, k }: MatrixSize): number {
  const words = Math.ceil(k / 8)
  // kn: [K/8, N]. columns64: [parts, tiles, K/8, 64].
  const tile = Math.floor(i / (64 * words)) % Math.ceil(n / 64)
  const row = packing === 'kn' ? Math.floor(i / n) : Math.floor(i / 64) % words
  const column = packing === 'kn' ? i % n : 64 * tile + (i % 64)
  if (column >= n) return 0
  const codes = Math.min(8, k - 8 * row)
  return codes === 8 ? -1 : 2 ** (4 * codes) - 1
}
