import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dequantize, quantize } from '@metal-fp4/fp4-quant'
import { packColumns64, ropeFrequencies } from '@metal-fp4/kernels'
import { describe, expect, it } from 'vitest'
import { frequenciesOf } from '../src/reference/frequencies.js'
import { attention, matmul, rmsNorm, rotate, route, swiglu } from '../src/reference/layers.js'
import { walkColumns } from '../src/reference/packed-weights.js'
import { normals } from './support/random.js'

describe('reference layers, by hand', () => {
  it('matmul', () => {
    expect([...matmul(Float64Array.of(1, 2, 3, 4), Float32Array.of(1, 0, 0, 1, 2, -1), 3, 2)]).toEqual([
      1, 2, 0, 3, 4, 2,
    ])
  })

  it('rmsNorm', () => {
    const [a, b] = rmsNorm(Float64Array.of(3, 4), Float32Array.of(1, 2), 0)
    expect(a).toBeCloseTo(3 / Math.sqrt(12.5), 12)
    expect(b).toBeCloseTo(8 / Math.sqrt(12.5), 12)
  })

  it('rotates pairs that are half a head apart, by position', () => {
    const x = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 2)
    rotate(x, 1, Float64Array.of(Math.PI / 2, Math.PI))
    const expected = [1, 0, 0, 0, 0, 0, 1, -2]
    for (const [i, value] of expected.entries()) expect(x[i]).toBeCloseTo(value, 12)
  })

  it('attention looks back only, and shares keys among heads', () => {
    // Two tokens, two query heads on one key head of width 2; the second token's scores are 0 and ln 3.
    const queries = Float64Array.of(9, 9, 9, 9, Math.SQRT2, 0, 0, Math.SQRT2)
    const keys = Float64Array.of(0, 0, Math.log(3), 0)
    const out = attention(queries, keys, Float64Array.of(1, 2, 5, 6), 2, 1, 2)
    const expected = [1, 2, 1, 2, 4, 5, 3, 4]
    for (const [i, value] of expected.entries()) expect(out[i]).toBeCloseTo(value, 12)
  })

  it('swiglu', () => {
    expect(swiglu(Float64Array.of(0, 1), Float64Array.of(5, 2))[1]).toBeCloseTo(2 / (1 + Math.exp(-1)), 12)
  })

  it('routes to the best experts, ties to the lower index', () => {
    const logits = Float64Array.of(0, Math.log(3), Math.log(3), 0)
    const plain = { topK: 2, scoring: 'softmax', normalize: false, scalingFactor: 1 } as const
    expect(route(logits, plain)).toEqual(
      [1, 2].map((expert) => ({ expert, weight: expect.closeTo(3 / 8, 12) as number })),
    )
    expect(route(logits, { ...plain, normalize: true, topK: 3 }).map(({ weight }) => weight)).toEqual(
      [3 / 7, 3 / 7, 1 / 7].map((weight) => expect.closeTo(weight, 12) as number),
    )
    expect(route(logits, { ...plain, scoring: 'sigmoid', scalingFactor: 2 })[0].weight).toBeCloseTo(1.5, 12)
  })
})

describe('what the reference writes anew, against what the devices use', () => {
  const llama3 = {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 64,
  }
  it.each([null, { rope_type: 'default' }, { type: 'linear', factor: 2.5 }, llama3])('frequencies of %j', (scaling) => {
    for (const [headDim, theta] of [
      [64, 10000],
      [24, 1e6],
    ] as const) {
      const expected = ropeFrequencies({ headDim, theta, scaling })
      const found = frequenciesOf(headDim, { theta, scaling })
      expect(found.length).toBe(headDim / 2)
      for (const [i, value] of expected.entries()) expect(found[i] / value).toBeCloseTo(1, 12)
    }
  })

  it.each(['fp4', 'mxfp4', 'nvfp4'] as const)('values of packed %s', (format) => {
    // Ragged: no multiple of a tile, a word or a group; two experts of two stacks.
    const [experts, half, k] = [2, 70, 100]
    const values = normals(5, experts * 2 * half * k)
    const tensor = quantize(values, { n: 2 * half, k, format, experts, parts: [half, half] })
    const { codes, scales, columnScales, groupSize } = packColumns64(tensor, { stacks: 2 })
    const view = ({ buffer, byteOffset, byteLength }: ArrayBufferView): DataView =>
      new DataView(buffer, byteOffset, byteLength)
    const shape = [experts, 2, half, k]
    const walked = walkColumns(
      { shape, dtype: format, groupSize },
      view(codes),
      view(scales),
      columnScales === null ? null : view(columnScales),
    )
    expect(walked).toEqual(dequantize(tensor))
  })
})

const data = process.env.METAL_FP4_TEST_DATA
const goldens = data === undefined ? '' : join(data, 'fixtures/op_goldens')
if (!existsSync(goldens)) console.warn('e2e-decode: skipped values computed by others (METAL_FP4_TEST_DATA is not set)')

/** A float32 or int64 array of NumPy's format, version 1. */
function readNpy(folder: string, name: string): Float64Array {
  const bytes = readFileSync(join(goldens, folder, `${name}.npy`))
  const headerLength = bytes.readUInt16LE(8)
  const header = bytes.toString('latin1', 10, 10 + headerLength)
  const body = bytes.buffer.slice(bytes.byteOffset + 10 + headerLength, bytes.byteOffset + bytes.length)
  if (header.includes("'<f4'")) return Float64Array.from(new Float32Array(body))
  if (header.includes("'<i4'")) return Float64Array.from(new Int32Array(body))
  if (header.includes("'<i8'")) return Float64Array.from(new BigInt64Array(body), Number)
  throw new Error(`${folder}/${name}: ${header}`)
}

describe.skipIf(!existsSync(goldens))('reference layers, against values computed by others', () => {
  it('rmsNorm', () => {
    const folder = 'rmsnorm_f32_8x128'
    const weight = Float32Array.from(readNpy(folder, 'weight'))
    const out = rmsNorm(readNpy(folder, 'x'), weight, 1e-6)
    for (const [i, value] of readNpy(folder, 'out').entries()) expect(out[i]).toBeCloseTo(value, 4)
  })

  it('route', () => {
    const folder = 'moe_router_topk_f32_small'
    const [logits, weights, ids] = ['logits', 'topk_weights', 'topk_ids'].map((name) => readNpy(folder, name))
    for (let row = 0; row < 6; row++) {
      const chosen = route(logits.subarray(8 * row, 8 * row + 8), {
        topK: 2,
        scoring: 'softmax',
        normalize: true,
        scalingFactor: 1,
      })
      for (const [slot, { expert, weight }] of chosen.entries()) {
        expect(expert).toBe(ids[2 * row + slot])
        expect(weight).toBeCloseTo(weights[2 * row + slot], 5)
      }
    }
  })

  it('rotate, with llama3 scaling', () => {
    // The fixture rotates the first 16 of 24 values of a head, at positions of its own.
    const folder = 'long_rope_llama3_neox_f32_bands'
    const [positions, input, output] = ['positions', 'q_in', 'q_out'].map((name) => readNpy(folder, name))
    const frequencies = frequenciesOf(16, {
      theta: 10000,
      scaling: {
        rope_type: 'llama3',
        factor: 4,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 32,
      },
    })
    for (const [row, position] of positions.entries()) {
      for (const head of [0, 1]) {
        const at = 48 * row + 24 * head
        const x = new Float64Array(16 * (position + 1))
        x.set(input.subarray(at, at + 16), 16 * position)
        rotate(x, 1, frequencies)
        for (let i = 0; i < 16; i++) expect(x[16 * position + i]).toBeCloseTo(output[at + i], 4)
      }
    }
  })
})
