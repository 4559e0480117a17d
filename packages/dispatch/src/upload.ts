/** Weights from JavaScript arrays into a device's private memory, packed for its kernels. */
import { setImmediate } from 'node:timers/promises'
import { type QuantizedTensor, checkTensor, float32ToBfloat16Array, float32ToHalfArray } from '@metal-fp4/fp4-quant'
import { packColumns64 } from '@metal-fp4/kernels'
import type { Device, DeviceBuffer } from '@metal-fp4/metal-core'
import { fail } from './errors.js'
import type { DenseType } from './problem.js'
import type { DenseWeights, Fp4Weights } from './weights.js'
import { denseWeightsFrom, fp4WeightsFrom } from './weights-from.js'

export interface UploadOptions {
  /** 2: the tensor is gate over up (parts [F, F]), for the swiglu epilogue; n of the weights is then F. Default 1. */
  readonly stacks?: 1 | 2
  /** `kn` keeps the public layout, which only the baseline kernels read. Default 'columns64'. */
  readonly order?: 'columns64' | 'kn'
}

/**
 * Packs a quantized tensor and copies it to the device; the tensor itself is not kept.
 * @throws QuantizationError for a tensor that is not whole, PackingError for two stacks without two equal parts.
 */
export async function uploadFp4(
  device: Device,
  quantized: QuantizedTensor,
  options: UploadOptions = {},
): Promise<Fp4Weights> {
  const { stacks = 1, order = 'columns64' } = options
  checkTensor(quantized, 'uploadFp4')
  const { format, n, k, groupSize, experts } = quantized
  if (order === 'kn' && (stacks !== 1 || experts !== 1 || format !== 'fp4')) {
    fail(
      'uploadFp4',
      "one fp4 matrix for order 'kn'",
      `${format}, ${experts} experts, ${stacks} stacks`,
      "Use 'columns64'.",
    )
  }
  await setImmediate() // Packing is long work: between two tensors the event loop gets a turn.
  const arrays =
    order === 'kn'
      ? { codes: quantized.packed, scales: quantized.scales, columnScales: null }
      : packColumns64(quantized, { stacks })
  const owned: DeviceBuffer[] = []
  const upload = (data: ArrayBufferView, label: string): DeviceBuffer => {
    const buffer = device.createBuffer({ data, storage: 'private', label })
    owned.push(buffer)
    return buffer
  }
  try {
    const codes = upload(arrays.codes, 'codes')
    const scales = upload(arrays.scales, 'scales')
    const columnScales = arrays.columnScales && upload(arrays.columnScales, 'columnScales')
    const shape = { format, n: n / stacks, k, groupSize, experts, stacks, order }
    return fp4WeightsFrom({ ...shape, codes, scales, columnScales }, owned)
  } catch (error) {
    for (const buffer of owned) buffer.dispose()
    throw error
  }
}

export interface DenseTensor {
  /** Columns of one stack. */
  readonly n: number
  readonly k: number
  readonly experts?: number
  readonly stacks?: 1 | 2
  /** What the device gets. float32 values are converted; bits of `f16` and `bf16` (Uint16Array) must have this type already. */
  readonly type: DenseType
  /** Row-major [experts, stacks, n, k]. */
  readonly values: Float32Array | Uint16Array
}

/** Copies weights that are not quantized to the device. @throws DispatchError for a wrong length or array type. */
export async function uploadDense(device: Device, tensor: DenseTensor): Promise<DenseWeights> {
  const { n, k, experts = 1, stacks = 1, type, values } = tensor
  const length = experts * stacks * n * k
  if (values.length !== length) {
    fail(
      'uploadDense',
      `${length} values for [${experts}, ${stacks}, ${n}, ${k}]`,
      String(values.length),
      'Check the shape.',
    )
  }
  await setImmediate()
  const data = convert(values, type)
  const weights = device.createBuffer({ data, storage: 'private', label: 'weights' })
  return denseWeightsFrom({ type, n, k, experts, stacks, weights }, [weights])
}

function convert(values: Float32Array | Uint16Array, type: DenseType): Float32Array | Uint16Array {
  if (values.BYTES_PER_ELEMENT === 2) {
    if (type === 'f32') fail('uploadDense', 'a Float32Array for f32', 'a Uint16Array', "Pass type 'f16' or 'bf16'.")
    return values
  }
  const floats = values as Float32Array
  return type === 'f32' ? floats : type === 'f16' ? float32ToHalfArray(floats) : float32ToBfloat16Array(floats)
}
