/** MXFP4 blocks and values that another project computed (`METAL_FP4_TEST_DATA`, the folder that holds `fixtures/`). */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type QuantizedTensor, dequantize, float32ToBfloat16Array, fromGguf, quantize, toGguf } from '../src/index.js'
import { codeAt, scaleAt } from './reference.js'

const name = 'anamnesis_synthetic_mxfp4.bin'
const folder = process.env.METAL_FP4_TEST_DATA
const path = folder && [join(folder, name), join(folder, 'fixtures', name)].find((file) => existsSync(file))
if (!path) console.info(`fp4-quant: skipped ${name}: METAL_FP4_TEST_DATA ${folder ? 'does not hold it' : 'is not set'}`)

const n = 64
const k = 1024
const blocksPerRow = k / 32

interface Fixture {
  /** GGUF blocks of 17 bytes: the E8M0 scale, then values 0-15 in the low and 16-31 in the high nibbles. */
  blocks: Uint8Array
  bfloat16: Uint16Array
  float32: Float32Array
}

function load(file: string): Fixture {
  const bytes = readFileSync(file)
  const header = Array.from({ length: 6 }, (_, i) => bytes.readUInt32LE(4 + 4 * i))
  expect(bytes.subarray(0, 4).toString()).toBe('AMNG')
  const [, type, count, rawLength, bfloat16Length, float32Length] = header
  expect([type, count]).toEqual([39, n * k])
  const part = (start: number, length: number): ArrayBuffer =>
    new Uint8Array(bytes.subarray(start, start + length)).buffer
  return {
    blocks: new Uint8Array(part(28, rawLength)),
    bfloat16: new Uint16Array(part(28 + rawLength, bfloat16Length)),
    float32: new Float32Array(part(28 + rawLength + bfloat16Length, float32Length)),
  }
}

/** Code of value (row, column) in the blocks. */
function blockCode(blocks: Uint8Array, row: number, column: number): number {
  const byte = blocks[(row * blocksPerRow + (column >> 5)) * 17 + 1 + (column & 15)]
  return column & 16 ? byte >> 4 : byte & 15
}

function tensorOf(blocks: Uint8Array): QuantizedTensor {
  return fromGguf({ type: 'MXFP4', n, k, blocks })
}

describe.skipIf(!path)(name, () => {
  it('dequantizes to the float32 values, bit for bit', () => {
    const { blocks, float32 } = load(path as string)
    expect(new Uint32Array(dequantize(tensorOf(blocks)).buffer)).toEqual(new Uint32Array(float32.buffer))
  })
  it('rounds to the bfloat16 values, bit for bit', () => {
    const { blocks, bfloat16 } = load(path as string)
    expect(float32ToBfloat16Array(dequantize(tensorOf(blocks)))).toEqual(bfloat16)
  })
  it('packs the values into the bytes they came from', () => {
    const { blocks, float32 } = load(path as string)
    const tensor = quantize(float32, { n, k, format: 'mxfp4' })
    let wrong = 0
    for (let row = 0; row < n; row++) {
      for (let block = 0; block < blocksPerRow; block++) {
        if (scaleAt(tensor, 0, row, block) !== blocks[(row * blocksPerRow + block) * 17]) wrong++
      }
      for (let column = 0; column < k; column++) {
        if (codeAt(tensor, 0, row, column) !== blockCode(blocks, row, column)) wrong++
      }
    }
    expect(wrong).toBe(0)
    expect(Buffer.compare(toGguf(tensor).blocks, blocks)).toBe(0)
  })
})
