/**
 * The values of a packed folder, found by walking its layout as the format is written down (packed-format.ts), not by
 * the code that packed it.
 */
import { open } from 'node:fs/promises'
import { type PackedCheckpoint } from '../checkpoint/index.js'
import type { PackedFp4, PackedRange } from '../checkpoint/packed-format.js'
import { denseValues } from '../model/host-weights.js'

/** One weight of a packed folder as float32, `[experts, stacks, n, k]` or `[length]`. */
export async function readPackedValues(checkpoint: PackedCheckpoint, name: string): Promise<Float32Array> {
  const packed = checkpoint.tensors.get(name)!
  const file = await open(checkpoint.dataFile, 'r')
  const read = async ({ offset, byteLength }: PackedRange): Promise<DataView> => {
    const bytes = new Uint8Array(byteLength)
    await file.read(bytes, 0, byteLength, offset)
    return new DataView(bytes.buffer)
  }
  try {
    if (packed.layout === 'columns64') {
      const columnScales = packed.columnScales === null ? null : await read(packed.columnScales)
      return walkColumns(packed, await read(packed.codes), await read(packed.scales), columnScales)
    }
    const { buffer } = await read(packed.data)
    const data = packed.dtype === 'f32' ? new Float32Array(buffer) : new Uint16Array(buffer)
    return denseValues({ type: packed.dtype, data })
  } finally {
    await file.close()
  }
}

/** Tiles of 64 outputs, all of K within each: word w of column c holds inputs 8w to 8w + 7, from its low bits up. */
export function walkColumns(
  { shape, dtype, groupSize }: Pick<PackedFp4, 'shape' | 'dtype' | 'groupSize'>,
  codes: DataView,
  scales: DataView,
  columnScales: DataView | null,
): Float32Array {
  const [experts, stacks, n, k] = shape
  const tiles = Math.ceil(n / 64)
  const words = Math.ceil(k / 8)
  const groups = Math.ceil(k / groupSize)
  const out = new Float64Array(experts * stacks * n * k)
  let at = 0
  for (let matrix = 0; matrix < experts * stacks; matrix++) {
    for (let row = 0; row < n; row++) {
      const tile = matrix * tiles + Math.floor(row / 64)
      const lane = row % 64
      const columnScale = columnScales === null ? 1 : columnScales.getFloat32(4 * (64 * tile + lane), true)
      for (let i = 0; i < k; i++) {
        const byte = codes.getUint8(4 * (64 * (tile * words + (i >> 3)) + lane) + ((i & 7) >> 1))
        const code = i % 2 === 0 ? byte & 15 : byte >> 4
        const scale = scaleAt[dtype](scales, 64 * (tile * groups + Math.floor(i / groupSize)) + lane)
        out[at++] = e2m1(code) * scale * columnScale
      }
    }
  }
  return Float32Array.from(out)
}

/** A sign, two bits of exponent with bias 1, one of mantissa (OCP Microscaling Formats 1.0, section 5.3.3). */
function e2m1(code: number): number {
  return minifloat(code, 2, 1, 1)
}

/** The scale of an index: half, E8M0, or E4M3. */
const scaleAt: Readonly<Record<PackedFp4['dtype'], (scales: DataView, index: number) => number>> = {
  fp4: (scales, index) => minifloat(scales.getUint16(2 * index, true), 5, 10, 15),
  mxfp4: (scales, index) => 2 ** (scales.getUint8(index) - 127),
  nvfp4: (scales, index) => minifloat(scales.getUint8(index), 4, 3, 7),
}

/** A finite number of a sign, `exponentBits` and `mantissaBits`. */
function minifloat(bits: number, exponentBits: number, mantissaBits: number, bias: number): number {
  const mantissa = bits % 2 ** mantissaBits
  const exponent = Math.floor(bits / 2 ** mantissaBits) % 2 ** exponentBits
  const sign = Math.floor(bits / 2 ** (mantissaBits + exponentBits)) === 0 ? 1 : -1
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits)
  return sign * (1 + mantissa / 2 ** mantissaBits) * 2 ** (exponent - bias)
}
