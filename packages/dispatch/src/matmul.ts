/** The plain form: activations in, a product out, one submission. */
import { float32ToHalfArray, halfToFloat32Array } from '@metal-fp4/fp4-quant'
import type { BufferView, Device, DeviceBuffer } from '@metal-fp4/metal-core'
import { fail } from './errors.js'
import { libraryFor } from './library.js'
import type { Precision } from './problem.js'
import { choose, recordMatmul } from './record-matmul.js'
import type { MatmulKernelName } from './selection.js'
import type { Fp4Weights, Weights } from './weights.js'

export interface MatmulOptions {
  /** Rows of activations. Default: as many as `x` holds. */
  readonly m?: number
  /** Default: the device's (`defaultPrecision`). */
  readonly precision?: Precision
  /** Take this kernel, whatever the policy says; the baselines want weights in order 'kn'. */
  readonly kernel?: MatmulKernelName
  /** Cut K into this many ranges with gemv_fp4_partial, whatever the policy says. 1: not at all. */
  readonly splits?: number
}

/**
 * out[m, n] = x W, float32. x is row-major [m, k]: an array, or a buffer on the device (float32; half for the baselines).
 * Weights of two stacks give silu(gate) * up. M chooses the kernel; `explain` says which and why.
 * @throws DispatchError for an x that is not [m, k], or weights that no kernel takes.
 */
export async function matmul(
  device: Device,
  x: Float32Array | DeviceBuffer | BufferView,
  weights: Weights,
  options: MatmulOptions = {},
): Promise<Float32Array> {
  checkOperands(x, weights)
  const { kernel, splits, precision } = options
  const half = kernel === 'decode_gemv_fp4_wide' || kernel === 'marlin_gemm_fp4'
  const isArray = ArrayBuffer.isView(x)
  const width = isArray ? 4 : half ? 2 : 4
  const m = rowsOf(x.byteLength, width, weights.k, options.m)
  const library = await libraryFor(device)
  const graph = device.createGraph()
  const owned: { dispose(): void }[] = [graph]
  try {
    let activations: DeviceBuffer | BufferView
    if (isArray) {
      const buffer = device.createBuffer({
        data: half ? float32ToHalfArray(x) : x,
        storage: 'shared',
        label: 'activations',
      })
      owned.push(buffer)
      activations = buffer
    } else {
      activations = x
    }
    const length = m * weights.n
    const out = device.createBuffer({ byteLength: length * (half ? 2 : 4), storage: 'shared', label: 'out' })
    owned.push(out)
    const how = {
      m,
      weights,
      ...(kernel !== undefined && { kernel }),
      ...(splits !== undefined && { splits }),
      ...(precision !== undefined && { precision }),
    }
    const { scratchBytes } = choose(how, library)
    const scratch =
      scratchBytes > 0 && device.createBuffer({ byteLength: scratchBytes, storage: 'private', label: 'scratch' })
    if (scratch) owned.push(scratch)
    recordMatmul(graph, library, { ...how, activations, out, ...(scratch && { scratch }) })
    await graph.submit().completed
    const bytes = await out.read()
    return half
      ? halfToFloat32Array(new Uint16Array(bytes.buffer, bytes.byteOffset, length))
      : new Float32Array(bytes.buffer, bytes.byteOffset, length)
  } finally {
    for (const one of owned) one.dispose()
  }
}

/** `matmul` for FP4 weights. */
export function matmulFp4(
  device: Device,
  x: Float32Array | DeviceBuffer | BufferView,
  weights: Fp4Weights,
  options: MatmulOptions = {},
): Promise<Float32Array> {
  return matmul(device, x, weights, options)
}

/** JavaScript callers forget an `await`, or bring a Float64Array, whose bytes must not be read as float32. */
function checkOperands(x: unknown, weights: unknown): void {
  if (typeof (weights as Weights | null)?.k !== 'number') {
    const isPromise = typeof (weights as PromiseLike<Weights> | null)?.then === 'function'
    fail(
      'matmul',
      'weights of uploadFp4 or uploadDense',
      isPromise ? 'a promise' : String(weights),
      'Await the upload.',
    )
  }
  if (ArrayBuffer.isView(x) && kindOf(x) !== 'Float32Array') {
    fail('matmul', 'x as a Float32Array or a buffer of the device', kindOf(x), 'Convert it: Float32Array.from(x).')
  }
}

function kindOf(x: unknown): string {
  return Object.prototype.toString.call(x).slice(8, -1)
}

function rowsOf(bytes: number, width: number, k: number, asked: number | undefined): number {
  const rows = bytes / width / k
  const m = asked ?? rows
  if (!Number.isInteger(m) || m < 1 || rows < m) {
    const wanted =
      asked === undefined ? `x of whole rows of k = ${k} values` : `x of at least ${asked} rows of k = ${k} values`
    fail('matmul', wanted, `${bytes / width} values`, 'x is row-major [m, k].')
  }
  return m
}
