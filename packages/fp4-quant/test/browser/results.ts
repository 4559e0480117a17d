/** What a browser and Node have to agree on, bit for bit: computed here for both. */
import {
  type Fp4Format,
  type LayoutName,
  type QuantizedTensor,
  type ScaleRule,
  dequantize,
  fromLayoutAsync,
  layoutNames,
  quantizeAsync,
  toLayoutAsync,
} from '@metal-fp4/fp4-quant'
import { type ByteSource, bytesSource, packSafetensors, writeSafetensors } from '@metal-fp4/fp4-quant/safetensors'

type Quantize = (values: Float32Array, options: Parameters<typeof quantizeAsync>[1]) => Promise<QuantizedTensor>

/** Results by name, each as a fingerprint of all its bytes. */
export type Results = Record<string, string>

const formats: readonly Fp4Format[] = ['fp4', 'mxfp4', 'nvfp4']
const rules: readonly ScaleRule[] = ['absmax', 'mse']
/** Several groups of every format; not a multiple of what SIMD takes at once. */
const [n, k] = [37, 192]

export async function results(quantize: Quantize): Promise<Results> {
  const found: Results = {}
  for (const format of formats) {
    for (const scales of rules) {
      const tensor = await quantize(weights(), { n, k, format, scales, ...(format === 'fp4' ? { groupSize: 32 } : {}) })
      const name = `${format} ${scales}`
      found[name] = fingerprint(tensor)
      found[`${name} unpacked`] = fingerprint({ values: dequantize(tensor) })
      for (const layout of layoutNames.filter((one) => holds[one].includes(format))) {
        const converted = await toLayoutAsync(exact(tensor), layout)
        found[`${name} ${layout}`] = fingerprint(converted)
        found[`${name} ${layout} and back`] = fingerprint(await fromLayoutAsync(converted))
      }
    }
  }
  const packed = await packSafetensors(await sample(), { format: 'nvfp4', scales: 'mse', quantizer: { quantize } })
  found['packed file'] = fingerprint({ file: await bytesOf(packed.chunks) })
  return found
}

/** Which formats a layout has. */
const holds: Readonly<Record<LayoutName, readonly Fp4Format[]>> = {
  mlx: ['mxfp4', 'nvfp4'],
  gguf: ['mxfp4', 'nvfp4'],
  'gpt-oss': ['mxfp4'],
  'compressed-tensors': ['mxfp4', 'nvfp4'],
  modelopt: ['nvfp4'],
}

/** With a global scale that every layout can hold: MLX has none, and compressed-tensors keeps its reciprocal. */
function exact(tensor: QuantizedTensor): QuantizedTensor {
  return { ...tensor, globalScales: tensor.globalScales.map(() => 1) }
}

/** Values of every size, with zeros of both signs and a group of nothing else. */
export function weights(): Float32Array {
  return Float32Array.from({ length: n * k }, (_, i) =>
    i < 64 ? 0 : i % 17 === 0 ? -0 : Math.sin(i * i) * 2 ** ((i % 40) - 20),
  )
}

async function sample(): Promise<ByteSource> {
  const data = new Uint8Array(weights().buffer)
  const chunks = writeSafetensors([
    { name: 'layer.weight', dtype: 'F32', shape: [n, k], data },
    { name: 'norm.weight', dtype: 'F32', shape: [8], data: data.slice(0, 32) },
  ])
  return bytesSource(await bytesOf(chunks))
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk.slice())
  const all = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.byteLength
  }
  return all
}

/** FNV-1a over the bytes of every array in the object, with their names and lengths; plain values as text. */
export function fingerprint(object: object): string {
  let hash = 0xcbf29ce484222325n
  const add = (byte: number): void => {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  }
  for (const [name, value] of Object.entries(object) as [string, unknown][]) {
    const text = ArrayBuffer.isView(value) ? `${name}:${value.byteLength}` : `${name}=${JSON.stringify(value)}`
    for (const character of text) add(character.charCodeAt(0) & 255)
    if (ArrayBuffer.isView(value)) {
      for (const byte of new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) add(byte)
    }
  }
  return hash.toString(16).padStart(16, '0')
}
