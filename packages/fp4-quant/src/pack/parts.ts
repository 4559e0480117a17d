/** A quantized tensor as the tensors of a file, and back. */
import { formatInfo } from '../formats.js'
import { LayoutError } from '../errors.js'
import { fromLayoutAsync, toLayoutAsync } from '../layouts/convert.js'
import { bytesOf, wordsOf } from '../layouts/rows.js'
import type { LongWork } from '../long-work.js'
import type { Dtype } from '../safetensors/header.js'
import { type QuantizedTensor, type TensorShape, arrayLengths, checkShape, checkTensor } from '../tensor.js'
import { type FileLayout, partNames } from './names.js'

/** A tensor of the file: what it is, and which array it holds. */
export interface Part {
  readonly role: 'codes' | 'scales' | 'globalScales'
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
}

/** What is written for a tensor of this shape, before there is one. `stacked` tells `[1, N, K]` from `[N, K]`. */
export function partsOf(name: string, shape: TensorShape, layout: FileLayout, stacked: boolean): Part[] {
  const { format, experts, n, k, groupSize } = shape
  const names = partNames(name, layout)
  const lead = stacked ? [experts] : []
  const groups = Math.ceil(k / groupSize)
  const scales = (dtype: Dtype, sizes: number[]): Part => ({
    role: 'scales', name: names.scales, dtype, shape: [...lead, ...sizes],
  }) // prettier-ignore
  const codes = (dtype: Dtype, sizes: number[]): Part => ({
    role: 'codes', name: names.codes, dtype, shape: [...lead, ...sizes],
  }) // prettier-ignore
  const globals = (sizes: number[]): Part[] =>
    formatInfo[format].globalScale
      ? [{ role: 'globalScales', name: names.globalScales, dtype: 'F32', shape: sizes }]
      : []
  switch (layout) {
    case 'kn': {
      const dtype = { half: 'F16', e4m3: 'F8_E4M3', e8m0: 'U8' } as const
      return [
        codes('U32', [Math.ceil(k / 8), n]),
        scales(dtype[formatInfo[format].scaleType], [groups, n]),
        ...globals([experts, shape.parts.length]),
      ]
    }
    case 'mlx':
      return [codes('U32', [n, k / 8]), scales('U8', [n, groups])]
    case 'gpt-oss':
      return [codes('U8', [n, k / 32, 16]), scales('U8', [n, groups])]
    case 'compressed-tensors':
      return [
        codes('U8', [n, k / 2]),
        scales(format === 'nvfp4' ? 'F8_E4M3' : 'U8', [n, groups]),
        ...globals([experts]),
      ]
    case 'modelopt':
      return [codes('U8', [n, k / 2]), scales('F8_E4M3', [n, groups]), ...globals(stacked ? [experts] : [])]
  }
}

/** The bytes of the parts. @throws LayoutError when the layout cannot hold the tensor. */
export async function encodeParts(
  tensor: QuantizedTensor,
  layout: FileLayout,
  options: LongWork & { requantize?: boolean },
): Promise<{ bytes: Record<Part['role'], Uint8Array>; sqnrDb: number }> {
  const { requantize, ...work } = options
  const arrays = (codes: ArrayBufferView, scales: ArrayBufferView, globalScales?: Float32Array, sqnrDb = Infinity) => ({
    bytes: { codes: bytesOf(codes), scales: bytesOf(scales), globalScales: bytesOf(globalScales ?? new Uint8Array(0)) },
    sqnrDb,
  })
  switch (layout) {
    case 'kn':
      return arrays(tensor.packed, tensor.scales, tensor.globalScales)
    case 'mlx': {
      const mlx = await toLayoutAsync(tensor, 'mlx', { ...work, globalScale: requantize ? 'requantize' : 'fold' })
      return arrays(mlx.weight, mlx.scales, undefined, mlx.sqnrDb)
    }
    case 'gpt-oss': {
      const { blocks, scales } = await toLayoutAsync(tensor, 'gpt-oss', work)
      return arrays(blocks, scales)
    }
    case 'compressed-tensors': {
      const made = await toLayoutAsync(tensor, 'compressed-tensors', { ...work, globalScale: 'nearest' })
      return arrays(made.weightPacked, made.weightScale, made.weightGlobalScale)
    }
    case 'modelopt': {
      const { weight, weightScale, weightScale2 } = await toLayoutAsync(tensor, 'modelopt', work)
      return arrays(weight, weightScale, weightScale2)
    }
  }
}

/** The tensor of its parts' bytes. @throws LayoutError when they are not what the layout asks for. */
export async function decodeParts(
  bytes: Readonly<Record<Part['role'], Uint8Array | undefined>>,
  shape: TensorShape,
  layout: FileLayout,
  options: LongWork,
): Promise<QuantizedTensor> {
  const { format, experts, n, k, parts } = shape
  const sizes = { experts, n, k }
  const codes = bytes.codes ?? new Uint8Array(0)
  const scales = bytes.scales ?? new Uint8Array(0)
  const globalScales = bytes.globalScales === undefined ? undefined : floatsOf(bytes.globalScales)
  const from = { ...options, parts }
  if (layout === 'kn') {
    checkShape(shape, 'readPacked') // before anything of its size is allocated
    const tensor: QuantizedTensor = {
      ...shape,
      layout: 'kn',
      packed: wordsOf(codes),
      scales: formatInfo[format].scaleType === 'half' ? halvesOf(scales) : scales,
      globalScales: globalScales ?? new Float32Array(arrayLengths(shape).globalScales).fill(1),
    }
    checkTensor(tensor, 'readPacked')
    return tensor
  }
  if (format === 'fp4')
    throw new LayoutError(`[readPacked] expected layout kn for fp4, got ${layout}. Read it as mxfp4.`)
  const one = new Float32Array(experts).fill(1)
  switch (layout) {
    case 'mlx':
      return fromLayoutAsync({
        layout, ...sizes, mode: format, bits: 4, groupSize: format === 'mxfp4' ? 32 : 16, weight: wordsOf(codes), scales,
        sqnrDb: Infinity,
      }, from) // prettier-ignore
    case 'gpt-oss':
      return fromLayoutAsync({ layout, ...sizes, blocks: codes, scales }, from)
    case 'compressed-tensors': {
      const common = { layout, ...sizes, weightPacked: codes, weightScale: scales } as const
      return format === 'mxfp4'
        ? fromLayoutAsync({ ...common, format: 'mxfp4-pack-quantized' }, from)
        : fromLayoutAsync({ ...common, format: 'nvfp4-pack-quantized', weightGlobalScale: globalScales ?? one }, from)
    }
    case 'modelopt':
      return fromLayoutAsync(
        { layout, ...sizes, weight: codes, weightScale: scales, weightScale2: globalScales ?? one },
        from,
      )
  }
}

function halvesOf(bytes: Uint8Array): Uint16Array {
  const at = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice()
  return new Uint16Array(at.buffer, at.byteOffset, Math.floor(at.length / 2))
}

function floatsOf(bytes: Uint8Array): Float32Array {
  const at = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Float32Array(at.buffer, at.byteOffset, Math.floor(at.length / 4))
}
