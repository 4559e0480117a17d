/** Tensors of other projects are told by names, types and shapes: what does not fit together is left alone. */
import { describe, expect, it } from 'vitest'
import { type Dtype, type PackedTensor, type SafetensorsFile, bytesSource, findPacked, openSafetensors, readPacked, writeSafetensors } from '../src/safetensors/index.js' // prettier-ignore

type Tensors = Record<string, [Dtype, number[]]>

async function found(tensors: Tensors): Promise<PackedTensor[]> {
  return findPacked(await fileOf(tensors))
}

/** A file of zeros. */
async function fileOf(tensors: Tensors, metadata: Record<string, string> = {}): Promise<SafetensorsFile> {
  const written = Object.entries(tensors).map(([name, [dtype, shape]]) => {
    const bytes = shape.reduce((product, size) => product * size, dtype === 'F32' || dtype === 'U32' ? 4 : 1)
    return { name, dtype, shape, data: new Uint8Array(bytes) }
  })
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for await (const piece of writeSafetensors(written, metadata)) pieces.push(piece.slice())
  return openSafetensors(bytesSource(new Uint8Array(await new Blob(pieces).arrayBuffer())))
}

describe('findPacked', () => {
  it('compares all sizes of a shape', async () => {
    const ones = Array<number>(8).fill(1)
    const same: Tensors = { m_blocks: ['U8', [...ones, 2, 3, 1, 16]], m_scales: ['U8', [...ones, 2, 3, 1]] }
    const other: Tensors = { ...same, m_scales: ['U8', [...ones, 3, 2, 1]] }
    expect(await found(same)).toMatchObject([{ layout: 'gpt-oss', experts: 2, n: 3, k: 32 }])
    expect(await found(other)).toEqual([])
  })
  it('takes nvfp4 of compressed-tensors with its global scale only', async () => {
    const parts: Tensors = { 'm.weight_packed': ['U8', [4, 32]], 'm.weight_scale': ['F8_E4M3', [4, 4]] }
    const whole: Tensors = { ...parts, 'm.weight_global_scale': ['F32', [1]] }
    expect(await found(whole)).toMatchObject([{ layout: 'compressed-tensors', format: 'nvfp4', n: 4, k: 64 }])
    expect(await found(parts)).toEqual([])
    const mxfp4: Tensors = { ...parts, 'm.weight_scale': ['U8', [4, 2]] }
    expect(await found(mxfp4)).toMatchObject([{ format: 'mxfp4' }])
  })
  it('leaves it to readPacked to refuse a damaged global scale, by name', async () => {
    const file = await fileOf({
      'm.weight': ['U8', [4, 32]],
      'm.weight_scale': ['F8_E4M3', [4, 4]],
      'm.weight_scale_2': ['F32', []],
    })
    const [packed] = findPacked(file)
    await expect(readPacked(file, packed)).rejects.toThrow(/tensor "m\.weight": .*weightScale2 above 0, got 0/)
    const shape = { format: 'nvfp4', layout: 'kn', experts: 1, n: 4, k: 64, groupSize: 16, parts: [4], stacked: false }
    const own = await fileOf(
      { 'm.packed': ['U32', [8, 4]], 'm.scales': ['F8_E4M3', [4, 4]], 'm.global_scales': ['F32', [1, 1]] },
      { fp4_quant: JSON.stringify({ version: 1, tensors: [['m', shape]] }) },
    )
    await expect(readPacked(own, findPacked(own)[0])).rejects.toThrow(
      /tensor "m": .*finite and above 0, got 0 at index 0/,
    )
  })
})
