/** How a weight is stored on a device: read from a packed folder, or worked out for a Hugging Face one. */
import { type Fp4Format, formatInfo } from '@metal-fp4/fp4-quant'
import type { Checkpoint } from '../checkpoint/index.js'
import { rangesOf, shapeOf } from '../checkpoint/packed-format.js'
import { type Quantization, isQuantized } from '../model/host-weights.js'
import { type MatrixDeclaration, type WeightDeclaration, weightCount } from '../model/weight-table.js'

export interface Stored {
  readonly format: string
  readonly groupSize: number | undefined
  readonly shape: readonly number[]
  readonly bytes: number
}

/** Bytes are those that kernels read: columns are padded to 64. */
export function storedAs(checkpoint: Checkpoint, declaration: WeightDeclaration, quantization: Quantization): Stored {
  const shape = shapeOf(declaration)
  if (checkpoint.kind === 'packed') {
    const packed = checkpoint.tensors.get(declaration.name)!
    // Vectors are float32 on a device.
    const bytes =
      declaration.kind === 'vector'
        ? declaration.length * 4
        : rangesOf(packed).reduce((sum, [, range]) => sum + range.byteLength, 0)
    return { format: packed.dtype, groupSize: packed.layout === 'rows' ? undefined : packed.groupSize, shape, bytes }
  }
  const { store } = checkpoint
  if (declaration.kind === 'vector') {
    return { format: store.typeOf(declaration.tensor), groupSize: undefined, shape, bytes: declaration.length * 4 }
  }
  if (isQuantized(declaration, quantization)) return quantizedAs(declaration, quantization, shape)
  const types = declaration.parts.map(({ tensor }) => store.typeOf(tensor(0)))
  const format = types.every((type) => type === types[0]) ? types[0] : 'f32'
  return { format, groupSize: undefined, shape, bytes: weightCount(declaration) * (format === 'f32' ? 4 : 2) }
}

function quantizedAs(declaration: MatrixDeclaration, quantization: Quantization, shape: readonly number[]): Stored {
  const { experts, stacks, n, k } = declaration
  const format = quantization.mode as Fp4Format
  const { defaultGroupSize, fixedGroupSize, scaleBytes } = formatInfo[format]
  const groupSize = fixedGroupSize ? defaultGroupSize : (quantization.groupSize ?? defaultGroupSize)
  const columns = experts * stacks * Math.ceil(n / 64) * 64
  const bytes = columns * (Math.ceil(k / 8) * 4 + Math.ceil(k / groupSize) * scaleBytes + (format === 'nvfp4' ? 4 : 0))
  return { format, groupSize, shape, bytes }
}
