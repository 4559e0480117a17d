/**
 * Weights of a geometry, made on the spot in the device's packing order: every weight has memory of its own, as a real
 * model's have, so that a step reads as many bytes. The numbers come from a counter, so that every run has the same.
 */
import { denseWeightsFrom, fp4WeightsFrom } from '@metal-fp4/dispatch'
import type { Weights } from '@metal-fp4/dispatch'
import { formatInfo, encodeE4M3, encodeE8M0, floatToBfloat16, floatToHalf, type Fp4Format } from '@metal-fp4/fp4-quant'
import type { Device, DeviceBuffer } from '@metal-fp4/metal-core'
import type { ModelSpec } from '../architectures/index.js'
import { llamaNames } from '../architectures/names.js'
import { type DeviceWeights, type LoadControl, fill } from '../model/device-weights.js'
import { type Quantization, isQuantized } from '../model/host-weights.js'
import { type MatrixDeclaration, weightTable } from '../model/weight-table.js'

/** Root mean square of the 16 values that a code can have, all equally likely. */
const codeRms = Math.sqrt(8.5625)

/** Makes the weights of a spec. Projections have variance 1/k, so that activations keep their size. */
export function syntheticWeights(
  device: Device,
  spec: ModelSpec,
  quantization: Quantization,
  control: LoadControl,
): Promise<DeviceWeights> {
  let seed = 0
  return fill(weightTable(spec, llamaNames), control, async (weights, declaration) => {
    seed++
    if (declaration.kind === 'vector')
      weights.addVector(device, declaration.name, new Float32Array(declaration.length).fill(1))
    else if (isQuantized(declaration, quantization))
      weights.addMatrix(declaration.name, fp4(device, declaration, quantization, seed))
    else weights.addMatrix(declaration.name, dense(device, declaration, seed))
    // Making a large matrix takes a while: the event loop gets its turn between two.
    await new Promise((resolve) => setImmediate(resolve))
  })
}

/**
 * Fills with hashed counters (the finalizer of MurmurHash3, a bijection of 32 bits), all different within a weight.
 * About 400 million words a second.
 */
export function fillRandom(words: Uint32Array, seed: number): void {
  const start = Math.imul(seed, 0x9e3779b9)
  for (let i = 0; i < words.length; i++) {
    let x = (start + i) | 0
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    words[i] = x ^ (x >>> 16)
  }
}

function fp4(device: Device, declaration: MatrixDeclaration, quantization: Quantization, seed: number): Weights {
  const { experts, stacks, n, k, name } = declaration
  const format = quantization.mode as Fp4Format
  const groupSize = quantization.groupSize ?? formatInfo[format].defaultGroupSize
  const columns = experts * stacks * Math.ceil(n / 64) * 64
  const scale = 1 / (codeRms * Math.sqrt(k))
  const scaleCount = columns * Math.ceil(k / groupSize)
  const codes = makeBuffer(device, name, columns * Math.ceil(k / 8) * 4, (bytes) =>
    fillRandom(new Uint32Array(bytes), seed),
  )
  const scales = makeBuffer(device, name, scaleCount * formatInfo[format].scaleBytes, (bytes) => {
    if (format === 'fp4') new Uint16Array(bytes).fill(floatToHalf(scale))
    else new Uint8Array(bytes).fill(format === 'mxfp4' ? encodeE8M0(scale) : encodeE4M3(1))
  })
  const owned: DeviceBuffer[] = [codes, scales]
  let columnScales: DeviceBuffer | null = null
  if (format === 'nvfp4') {
    columnScales = makeBuffer(device, name, columns * 4, (bytes) => new Float32Array(bytes).fill(scale))
    owned.push(columnScales)
  }
  return fp4WeightsFrom({ format, n, k, groupSize, experts, stacks, codes, scales, columnScales }, owned)
}

/** bfloat16 of magnitude 1/sqrt(k) to twice that and random sign and mantissa: two of them fill a random word. */
function dense(device: Device, declaration: MatrixDeclaration, seed: number): Weights {
  const { experts, stacks, n, k, name } = declaration
  const count = experts * stacks * n * k
  const exponent = floatToBfloat16(2 ** Math.round(-Math.log2(k) / 2)) & 0x7f80
  const weights = makeBuffer(device, name, Math.ceil(count / 2) * 4, (bytes) => {
    const words = new Uint32Array(bytes)
    fillRandom(words, seed)
    const fixed = exponent | (exponent << 16)
    for (let i = 0; i < words.length; i++) words[i] = (words[i] & 0x807f807f) | fixed
  })
  return denseWeightsFrom({ type: 'bf16', n, k, experts, stacks, weights }, [weights])
}

function makeBuffer(
  device: Device,
  label: string,
  byteLength: number,
  make: (bytes: ArrayBuffer) => void,
): DeviceBuffer {
  const bytes = new ArrayBuffer(Math.ceil(byteLength / 4) * 4)
  make(bytes)
  return device.createBuffer({ data: new Uint8Array(bytes), storage: 'private', label })
}
