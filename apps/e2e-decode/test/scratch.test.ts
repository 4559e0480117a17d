import { type Precision, denseWeightsFrom, fp4WeightsFrom, scratchFor } from '@metal-fp4/dispatch'
import { describe, expect, it } from 'vitest'
import { llamaNames } from '../src/architectures/names.js'
import { geometrySpec } from '../src/geometry/geometries.js'
import { DeviceWeights } from '../src/model/device-weights.js'
import type { PassParts } from '../src/model/record-pass.js'
import { scratchBytesOf } from '../src/model/scratch.js'
import { weightTable } from '../src/model/weight-table.js'

const spec = geometrySpec('qwen3-0.6b', { layers: 2, vocabSize: 300 })

/** Weights of the right shapes in memory that is only a size. */
function partsOn(backend: 'cpu' | 'metal', quantized: boolean, precision?: Precision): PassParts {
  const weights = new DeviceWeights()
  const memory = { byteLength: 2 ** 40 } as never
  for (const declaration of weightTable(spec, llamaNames)) {
    if (declaration.kind === 'vector') continue
    const { name, n, k, stacks } = declaration
    const fp4 = { format: 'fp4', groupSize: 128, codes: memory, scales: memory } as const
    weights.addMatrix(
      name,
      quantized
        ? fp4WeightsFrom({ n, k, stacks, ...fp4 })
        : denseWeightsFrom({ type: 'bf16', n, k, stacks, weights: memory }),
    )
  }
  const info = { backend, name: '', threads: 0, features: [], copyGigabytesPerSecond: 1 }
  return { library: { backend, info }, spec, weights, ...(precision && { precision }) } as unknown as PassParts
}

describe('scratch of a pass', () => {
  it('is that of its largest product, where a device splits K', () => {
    const metal = { backend: 'metal', name: '' } as const
    const { width, heads, kvHeads, headDim } = spec
    const inner = spec.feedForward[0].inner
    const groupSize = 128
    const products = [
      { n: (heads + 2 * kvHeads) * headDim, k: width },
      { n: width, k: heads * headDim },
      { n: inner, k: width, epilogue: 'swiglu' },
      { n: width, k: inner },
      { n: 300, k: width },
    ] as const
    for (const m of [1, 8]) {
      const each = products.map((product) => scratchFor({ m, format: 'fp4', groupSize, ...product }, metal))
      expect(Math.max(...each)).toBeGreaterThan(0)
      expect(scratchBytesOf(partsOn('metal', true), m)).toBe(Math.max(...each))
    }
  })

  it('is the bytes of activations in precision int8: for the largest K, and every row', () => {
    for (const m of [1, 8, 128]) {
      const blocks = spec.feedForward[0].inner / 16
      expect(scratchBytesOf(partsOn('cpu', true), m)).toBe(m * blocks * 24)
      expect(scratchBytesOf(partsOn('cpu', true, 'int8'), m)).toBe(m * blocks * 24)
    }
  })

  it('is none where K is whole and precision float32: on a CPU, and of weights that are not quantized', () => {
    expect(scratchBytesOf(partsOn('cpu', true, 'float32'), 8)).toBe(0)
    expect(scratchBytesOf(partsOn('cpu', false, 'int8'), 8)).toBe(0)
    expect(scratchBytesOf(partsOn('metal', false), 8)).toBe(0)
  })
})
