/** Quantizing while a model is loaded leaves the event loop free. */
import { setImmediate as turn } from 'node:timers/promises'
import { QuantizationError, quantize } from '@metal-fp4/fp4-quant'
import { afterAll, describe, expect, it } from 'vitest'
import { loadModel } from '../src/load-model.js'
import { quantizeMatrix } from '../src/model/host-weights.js'
import { WeightQuantizer } from '../src/model/quantizer.js'
import { cleanUp, configs, writeCheckpoint } from './support/checkpoints.js'

afterAll(cleanUp)

describe('quantizing at load', () => {
  // Large enough to take much longer than the slices that it is done in (12 ms), on any machine.
  const [n, k] = [4096, 4096]
  const values = { type: 'f32', shape: [n, k], data: new Float32Array(n * k).map((_, i) => Math.sin(i)) } as const

  it('gives other work its turn within one matrix', async () => {
    const seen = { turns: 0, done: false }
    const work = quantizeMatrix(values, [n], k, { mode: 'nvfp4', scales: 'mse' }).finally(() => (seen.done = true))
    while (!seen.done) {
      await turn()
      seen.turns++
    }
    await work
    // Without yielding there would be one turn before and one after.
    expect(seen.turns).toBeGreaterThan(2)
  })

  it('is aborted within one matrix', async () => {
    const controller = new AbortController()
    const work = quantizeMatrix(values, [n], k, { mode: 'nvfp4', scales: 'mse' }, controller)
    setImmediate(() => controller.abort(new Error('enough')))
    await expect(work).rejects.toThrow('enough')
  })

  it('ends a load with the signal’s reason', async () => {
    const folder = writeCheckpoint({ ...configs.llama, num_hidden_layers: 8 })
    const controller = new AbortController()
    const onProgress = (done: number): void => {
      if (done === 10) controller.abort(new Error('enough'))
    }
    await expect(loadModel(folder, { onProgress, signal: controller.signal })).rejects.toThrow('enough')
  })
})

describe('threads', () => {
  const [n, k] = [2100, 2048]
  const values = new Float32Array(n * k).map((_, i) => Math.sin(i))
  const options = { n, k, format: 'nvfp4', parts: [2000, 100] } as const

  it('give the bits of one, and end', async () => {
    const expected = quantize(values, options)
    for (const threads of [undefined, 1, 2]) {
      await using quantizer = new WeightQuantizer(threads)
      expect(await quantizer.quantize(values, options)).toEqual(expected)
    }
  })

  it('may be ended and used again', async () => {
    const quantizer = new WeightQuantizer(2)
    const first = await quantizer.quantize(values, options)
    await quantizer.dispose()
    expect(await quantizer.quantize(values, options)).toEqual(first)
    await quantizer.dispose()
    await quantizer.dispose()
  })

  it('say what one says of values that are no numbers', async () => {
    await using quantizer = new WeightQuantizer(2)
    const wrong = values.slice().fill(NaN, 5, 6)
    await expect(quantizer.quantize(wrong, options)).rejects.toThrow(QuantizationError)
    expect((await quantizer.quantize(values, options)).n).toBe(n)
  })
})
