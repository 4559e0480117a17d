import { type QuantizedTensor, dequantize, quantize } from '@metal-fp4/fp4-quant'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dequantizeColumn } from '../src/oracles/columns64.js'
import { packColumns64, unpackColumns64 } from '../src/packing/columns64.js'
import { normal } from './support/random.js'

function makeTensor(options: Omit<Parameters<typeof quantize>[1], 'n'> & { n: number }): QuantizedTensor {
  return quantize(normal((options.experts ?? 1) * options.n * options.k, 11), options)
}

test('the order: tiles of 64 columns, words along K, padding 0', () => {
  const tensor = makeTensor({ n: 70, k: 40, format: 'fp4', groupSize: 16 })
  const packed = packColumns64(tensor)
  expect(packed.codes.length).toBe(2 * 5 * 64)
  expect(packed.scales.length).toBe(2 * 3 * 64)
  for (let word = 0; word < 5; word++) {
    for (let column = 0; column < 128; column++) {
      const at = (Math.floor(column / 64) * 5 + word) * 64 + (column % 64)
      expect(packed.codes[at]).toBe(column < 70 ? tensor.packed[word * 70 + column] : 0)
    }
  }
})

test('a tensor comes back as it was, whatever its shape and format', () => {
  fc.assert(
    fc.property(
      fc.record({
        format: fc.constantFrom('fp4', 'mxfp4', 'nvfp4'),
        experts: fc.integer({ min: 1, max: 3 }),
        half: fc.integer({ min: 1, max: 140 }),
        k: fc.integer({ min: 1, max: 150 }),
        fused: fc.constantFrom('no', 'parts', 'stacks'),
      }),
      ({ format, experts, half, k, fused }) => {
        const parts = {
          no: [2 * half],
          parts: [half + Math.floor(half / 2), half - Math.floor(half / 2)],
          stacks: [half, half],
        }[fused]
        const tensor = makeTensor({ n: 2 * half, k, experts, format, parts })
        expect(unpackColumns64(packColumns64(tensor, { stacks: fused === 'stacks' ? 2 : 1 }))).toEqual(tensor)
      },
    ),
    { numRuns: 60, seed: 5 },
  )
})

test('columns dequantize to what the tensor dequantizes to', () => {
  const tensor = makeTensor({ n: 140, k: 50, experts: 2, format: 'nvfp4', parts: [70, 70] })
  const values = dequantize(tensor)
  const packed = packColumns64(tensor, { stacks: 2 })
  for (const [matrix, column, row] of [
    [0, 0, 0],
    [1, 69, 139],
    [2, 5, 145],
    [3, 66, 276],
  ]) {
    expect(Float32Array.from(dequantizeColumn(packed, matrix, column))).toEqual(values.slice(row * 50, (row + 1) * 50))
  }
})

test('what cannot be packed says why', () => {
  const tensor = makeTensor({ n: 12, k: 64, format: 'fp4', groupSize: 20 })
  expect(() => packColumns64(tensor)).toThrow(
    '[columns64] expected groupSize of 16 or more in steps of 8, or of at least k, got 20. Requantize',
  )
  const parts = makeTensor({ n: 12, k: 64, format: 'mxfp4', parts: [8, 4] })
  expect(() => packColumns64(parts, { stacks: 2 })).toThrow(
    'expected parts of two equal sizes for stacks: 2, got [8, 4]',
  )
  expect(() => packColumns64(parts, { stacks: 3 as 2 })).toThrow('expected stacks 1 or 2, got 3')
  const packed = packColumns64(parts)
  expect(() => unpackColumns64({ ...packed, codes: packed.codes.slice(1) })).toThrow(
    'expected codes of length 512, got 511',
  )
})
