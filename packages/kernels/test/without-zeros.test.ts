import { describe, expect, it } from 'vitest'
import { argumentWithoutZeros } from '../bench/without-zeros.js'
import { decodeGemvFp4Wide, gemvFp4 } from '../src/manifest/index.js'
import { resolveKernel } from '../src/manifest/resolve.js'
import { dequantizeColumn } from '../src/oracles/columns64.js'

describe('inputs for counting', () => {
  it('have zeros where there is no weight, and nowhere else: columns64', () => {
    const problem = { m: 2, n: 70, k: 77, groupSize: 32 }
    const constants = { format: 'mxfp4', epilogue: 'swiglu' } as const
    const arrays = resolveKernel(gemvFp4, problem, constants).args.filter(({ bound }) => bound)
    const made = Object.fromEntries(arrays.map((one) => [one.definition.name, argumentWithoutZeros(one, problem)]))
    const codes = made.codes as Uint32Array
    const scales = made.scales as Uint8Array
    const weights = { ...problem, k: 80, format: 'mxfp4' as const, codes, scales }
    for (const part of [0, 1]) {
      for (let column = 0; column < 128; column++) {
        const values = Array.from(dequantizeColumn({ ...weights, n: 128 }, part, column))
        expect(values.map((value) => value !== 0)).toEqual(values.map((_, i) => column < 70 && i < 77))
      }
    }
    expect(made.activations.some((value) => value === 0)).toBe(false)
    expect(scales.some((value) => value === 0)).toBe(false)
  })

  it('have zeros where there is no weight, and nowhere else: kn', () => {
    const problem = { M: 1, N: 5, K: 11, group_size: 16 }
    const codes = resolveKernel(decodeGemvFp4Wide, problem).args[1]
    const words = argumentWithoutZeros(codes, { n: 5, k: 11 })
    const used = Array.from(
      words,
      (word) => Array.from({ length: 8 }, (_, i) => ((word >>> (4 * i)) & 7) !== 0).filter(Boolean).length,
    )
    expect(used).toEqual([8, 8, 8, 8, 8, 3, 3, 3, 3, 3])
  })
})
