/** The steps in which `quantize` does its work. */
import { describe, expect, it, vi } from 'vitest'
import { type QuantizeOptions, QuantizationError, quantize } from '../src/index.js'
import { progressReporter, quantizeStrips } from '../src/strips.js'
import { normal } from './random.js'

function stepsOf(options: QuantizeOptions): number[] {
  return [...quantizeStrips(new Float32Array(options.n * options.k * (options.experts ?? 1)).fill(1), options)]
}

describe('quantizeStrips', () => {
  it('does at most 16 rows a step, within one expert', () => {
    expect(stepsOf({ n: 40, k: 100, format: 'mxfp4' })).toEqual([16, 32, 40])
    expect(stepsOf({ experts: 2, n: 17, k: 3, format: 'fp4' })).toEqual([16, 17, 33, 34])
  })
  it('does fewer rows where they are long, and at least one', () => {
    expect(stepsOf({ n: 20, k: 32_768, format: 'fp4' })).toEqual([8, 16, 20])
    expect(stepsOf({ n: 3, k: 300_000, format: 'mxfp4' })).toEqual([1, 2, 3])
  })
  it('looks for the largest magnitude of each part first where there is a global scale', () => {
    expect(stepsOf({ n: 40, k: 32, format: 'nvfp4', parts: [20, 20] })).toEqual([0, 0, 0, 0, 16, 32, 40])
    expect(stepsOf({ experts: 2, n: 2, k: 32, format: 'nvfp4' })).toEqual([0, 2, 2, 4])
  })
  it('checks options when called, values when it gets to them', () => {
    expect(() => quantizeStrips(new Float32Array(3), { n: 2, k: 2, format: 'fp4' })).toThrow(QuantizationError)
    const values = new Float32Array(20 * 32)
    values[600] = NaN
    const strips = quantizeStrips(values, { n: 20, k: 32, format: 'fp4' })
    expect(strips.next()).toEqual({ done: false, value: 16 })
    expect(() => strips.next()).toThrow('got NaN at index 600 (row 18, column 24')
  })
  it.each(['fp4', 'nvfp4'] as const)('notices values that are taken away meanwhile (%s)', (format) => {
    const values = new Float32Array(64 * 32).fill(1)
    const strips = quantizeStrips(values, { n: 64, k: 32, format })
    strips.next()
    structuredClone(values.buffer, { transfer: [values.buffer] })
    expect(() => strips.next()).toThrow('[quantize] expected 2048 values until it is done, got 0. Do not transfer')
  })
  it('returns what quantize does', () => {
    const values = normal(2 * 50 * 70, 8)
    const options: QuantizeOptions = { experts: 2, n: 50, k: 70, format: 'nvfp4', parts: [30, 20], scales: 'mse' }
    const strips = quantizeStrips(values, options)
    let step = strips.next()
    while (!step.done) step = strips.next()
    expect(step.value).toEqual(quantize(values, options))
  })
})

describe('progressReporter', () => {
  it('passes on about a hundred numbers, each once, and the last', () => {
    const onProgress = vi.fn()
    const report = progressReporter({ n: 500, k: 1, experts: 2, format: 'fp4', onProgress })
    for (let done = 0; done <= 1000; done++) report(done)
    expect(onProgress.mock.calls).toEqual(Array.from({ length: 100 }, (_, i) => [10 * (i + 1), 1000]))
  })
  it('throws the reason of an abort, but not when all is done', () => {
    const options: QuantizeOptions = { n: 4, k: 1, format: 'fp4', signal: AbortSignal.abort(new Error('enough')) }
    expect(() => progressReporter(options)(2)).toThrow('enough')
    expect(() => progressReporter(options)(4)).not.toThrow()
  })
})
