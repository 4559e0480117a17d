/** Long work: the event loop keeps its turns, progress is told, an abort is prompt. */
import { describe, expect, it, vi } from 'vitest'
import {
  type LongWork, QuantizationError, convertLayoutAsync, dequantize, dequantizeAsync, fromLayoutAsync, measureError, measureErrorAsync, quantize, quantizeAsync,
  toGguf, toLayoutAsync,
} from '../src/index.js' // prettier-ignore
import { normal } from './random.js'

const [n, k] = [2048, 1024]
const values = normal(n * k, 1)
const options = { n, k, format: 'mxfp4', scales: 'mse' } as const
const tensor = quantize(values, { n, k, format: 'mxfp4' })
const gguf = toGguf(tensor)

const works: [string, (work: LongWork) => Promise<unknown>][] = [
  ['quantizeAsync', (work) => quantizeAsync(values, { ...options, scales: 'mse', ...work })],
  ['dequantizeAsync', (work) => dequantizeAsync(tensor, work)],
  ['measureErrorAsync', (work) => measureErrorAsync(values, values, work)],
  ['toLayoutAsync', (work) => toLayoutAsync(tensor, 'gguf', work)],
  ['convertLayoutAsync', (work) => convertLayoutAsync(gguf, 'mlx', work)],
  ['fromLayoutAsync', (work) => fromLayoutAsync(gguf, work)],
]

describe.each(works)('%s', (_, start) => {
  it('lets others run while it works, and reports up to the end', async () => {
    // A clock on which every step takes long, however fast the machine is.
    let clock = 0
    const now = vi.spyOn(performance, 'now').mockImplementation(() => (clock += 5))
    let turns = 0
    let over = false
    const count = (): void => {
      turns++
      if (!over) setImmediate(count)
    }
    setImmediate(count)
    const seen: number[] = []
    await start({ onProgress: (done, total) => seen.push(done / total) })
    over = true
    now.mockRestore()
    // Without a turn in between, the first callback would come after the end.
    expect(turns).toBeGreaterThan(0)
    expect(seen.length).toBeGreaterThan(10)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)
  })
  it('stops at an abort, before and within', async () => {
    const reason = new Error('enough')
    await expect(start({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const seen: number[] = []
    const onProgress = (done: number, total: number): void => {
      seen.push(done / total)
      controller.abort(reason)
    }
    await expect(start({ signal: controller.signal, onProgress })).rejects.toBe(reason)
    expect(seen).toHaveLength(1)
    expect(seen[0]).toBeLessThan(0.5)
  })
  it('passes on what onProgress throws, and refuses what is no option', async () => {
    const fault = new RangeError('mine')
    const onProgress = (): never => {
      throw fault
    }
    await expect(start({ onProgress })).rejects.toBe(fault)
    await expect(start({ onProgress: 1 as never })).rejects.toThrow(/expected onProgress to be a function, got 1/)
    await expect(start({ signal: {} as never })).rejects.toThrow(QuantizationError)
  })
})

it('the synchronous forms report and stop as well', () => {
  const reason = new Error('enough')
  expect(() => dequantize(tensor, { signal: AbortSignal.abort(reason) })).toThrow(reason)
  expect(() => measureError(values, values, { signal: AbortSignal.abort(reason) })).toThrow(reason)
  const seen: number[] = []
  dequantize(tensor, { onProgress: (done, total) => seen.push(done / total) })
  expect(seen.at(-1)).toBe(1)
})
