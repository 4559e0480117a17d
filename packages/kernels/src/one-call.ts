/** Kernels as functions of plain arrays, for a first try or a test; see `record` for what is run many times. */
import { float32ToHalfArray, halfToFloat32Array } from '@metal-fp4/fp4-quant'
import { type Device, type KernelLibrary, createDevice } from '@metal-fp4/metal-core'
import { encode } from './encode.js'
import { KernelArgumentError, describe } from './errors.js'
import { kernelLibraryFor } from './library.js'
import { decodeGemvFp4Wide } from './manifest/decode_gemv_fp4_wide.js'

export interface DecodeGemvOptions {
  /** Default: one that is made at the first call, the best that works, and kept. */
  readonly device?: Device
  /** Rows of A. Default: 1. */
  readonly m?: number
}

export interface DecodeGemvResult {
  readonly m: number
  readonly n: number
  /** C as the kernel writes it: half bits, row-major [M, N]. */
  readonly half: Uint16Array
  /** The same values as float32. */
  readonly float32: Float32Array
}

/**
 * C = A W by the kernel `decode_gemv_fp4_wide`: A times a matrix of FP4 codes in the canonical layout `kn`.
 *
 * The shapes follow from the lengths: K from A and `m`, N from `packed`, the number of groups from `scales`.
 * @param activations A, row-major [M, K]: half bits, or float32, which is rounded to half.
 * @param packed [ceil(K/8), N] words of 8 codes along K, code k in bits 4(k mod 8)..4(k mod 8)+3.
 * @param scales [ceil(K/groupSize), N], half bits.
 * @param groupSize values along K that share a scale, e.g. 128.
 * @throws KernelArgumentError when the lengths do not fit one another.
 */
export async function decodeGemvFp4(
  activations: Float32Array | Uint16Array,
  packed: Uint32Array,
  scales: Uint16Array,
  groupSize: number,
  options: DecodeGemvOptions = {},
): Promise<DecodeGemvResult> {
  const { m = 1 } = options
  const A = toHalf(activations)
  const { n, k } = inferShape(A, packed, scales, groupSize, m)
  const device = options.device ?? (await defaultDevice())
  const half = new Uint16Array(m * n)
  const encoded = encode<typeof decodeGemvFp4Wide, ArrayBufferView>(decodeGemvFp4Wide, device.info.backend, {
    problem: { M: m, N: n, K: k, group_size: groupSize },
    args: { A, B: packed, scales, C: half },
  })
  await device.dispatch(await libraryOf(device), encoded.name, encoded)
  return { m, n, half, float32: halfToFloat32Array(half) }
}

/** The one-call forms, by name. */
export const kernels: { readonly decodeGemvFp4: typeof decodeGemvFp4 } = { decodeGemvFp4 }

const libraries = new WeakMap<Device, Promise<KernelLibrary>>()
let shared: Promise<Device> | undefined

async function defaultDevice(): Promise<Device> {
  shared ??= createDevice()
  try {
    return await shared
  } catch (error) {
    shared = undefined // the next call tries again
    throw error
  }
}

function libraryOf(device: Device): Promise<KernelLibrary> {
  const known = libraries.get(device)
  if (known !== undefined) return known
  const library = device.loadLibrary(kernelLibraryFor(device.info))
  libraries.set(device, library)
  library.catch(() => libraries.delete(device)) // the next call tries again
  return library
}

function toHalf(values: unknown): Uint16Array {
  if (values instanceof Uint16Array) return values
  if (values instanceof Float32Array) return float32ToHalfArray(values)
  return fail('activations to be a Float32Array or half bits in a Uint16Array', describe(values), 'Convert them first.')
}

function inferShape(
  A: Uint16Array,
  packed: Uint32Array,
  scales: Uint16Array,
  groupSize: number,
  m: number,
): { n: number; k: number } {
  if (!(packed instanceof Uint32Array))
    fail('packed to be a Uint32Array', describe(packed), 'Pass quantize(...).packed.')
  if (!(scales instanceof Uint16Array))
    fail('scales to be half bits in a Uint16Array', describe(scales), "Quantize with format: 'fp4'.")
  if (!Number.isSafeInteger(m) || m < 1)
    fail('m to be a positive integer', describe(m), 'It is the number of rows of A.')
  if (!Number.isSafeInteger(groupSize) || groupSize < 1)
    fail('groupSize to be a positive integer', describe(groupSize), 'The default of quantize is 128.')
  const k = A.length / m
  if (!Number.isInteger(k) || k < 1)
    fail(`activations of m = ${m} equal rows`, `${A.length} values`, 'Pass m: the rows of A.')
  const words = Math.ceil(k / 8)
  const n = packed.length / words
  if (!Number.isInteger(n) || n < 1) {
    fail(
      `packed of [ceil(K/8), N] = [${words}, N] words`,
      `${packed.length} words`,
      `K is ${k}: the length of a row of A.`,
    )
  }
  const groups = Math.ceil(k / groupSize)
  if (scales.length !== groups * n) {
    fail(`scales of [ceil(K/groupSize), N] = [${groups}, ${n}]`, `${scales.length} scales`, 'Check groupSize.')
  }
  return { n, k }
}

function fail(expected: string, got: string, fix: string): never {
  throw new KernelArgumentError('decode_gemv_fp4_wide', expected, got, fix)
}
