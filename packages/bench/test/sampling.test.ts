import { describe, expect, it } from 'vitest'
import { type BenchCase, type Timing, sampleCase } from '../src/index.js'

/** A case whose runs take `wallMs` on a clock of the test's own. */
function fakeCase(
  wallMs: number,
  timing: Timing = { durationNs: 1e6 },
): { benchCase: BenchCase; now: () => number; runs: () => number } {
  let clock = 0
  let runs = 0
  const benchCase: BenchCase = {
    kernel: 'fake',
    format: 'fp4',
    precision: 'float32',
    m: 1,
    n: 64,
    k: 64,
    bytes: 1000,
    run() {
      clock += wallMs
      runs++
      return Promise.resolve(timing)
    },
  }
  return { benchCase, now: () => clock, runs: () => runs }
}

describe('sampleCase', () => {
  it('fills its time: warm-up, then samples', async () => {
    const { benchCase, now, runs } = fakeCase(10)
    const samples = await sampleCase(benchCase, { timeMs: 200, now })
    expect(now()).toBe(200)
    expect(samples.length).toBe(runs() - 4)
    expect(samples.every((sample) => sample === 1e6)).toBe(true)
  })

  it('takes a few samples of a case slower than its time, after one warm-up', async () => {
    const { benchCase, now, runs } = fakeCase(5000)
    expect((await sampleCase(benchCase, { timeMs: 200, now })).length).toBe(6)
    expect(runs()).toBe(7)
  })

  it('does not sample a fast case for ever', async () => {
    const { benchCase, now } = fakeCase(0.001)
    expect((await sampleCase(benchCase, { timeMs: 1000, now })).length).toBe(200)
  })

  it('takes exactly as many samples as asked for', async () => {
    const { benchCase, now } = fakeCase(50)
    expect((await sampleCase(benchCase, { samples: 7, timeMs: 10, now })).length).toBe(7)
  })

  it('divides by the repeats of a run', async () => {
    const { benchCase, now } = fakeCase(10, { durationNs: 600, repeats: 4 })
    expect(await sampleCase(benchCase, { samples: 2, now })).toEqual([150, 150])
  })

  it('verifies once, after the first run', async () => {
    const { benchCase, now, runs } = fakeCase(10)
    const verifiedAfter: number[] = []
    await sampleCase({ ...benchCase, verify: () => void verifiedAfter.push(runs()) }, { samples: 3, now })
    expect(verifiedAfter).toEqual([1])
    const failing = { ...benchCase, verify: () => Promise.reject(new Error('out[3] is NaN')) }
    await expect(sampleCase(failing, { now })).rejects.toThrow('out[3] is NaN')
  })

  it('refuses a case without a device time', async () => {
    const { benchCase, now } = fakeCase(1, { durationNs: 0 })
    await expect(sampleCase(benchCase, { now })).rejects.toThrow(
      '[bench] expected fake to report a positive device time',
    )
  })

  it('stops when aborted', async () => {
    const { benchCase, now } = fakeCase(1)
    const controller = new AbortController()
    const aborting = {
      ...benchCase,
      verify: () => {
        controller.abort(new Error('stopped'))
      },
    }
    await expect(sampleCase(aborting, { now, signal: controller.signal })).rejects.toThrow('stopped')
  })
})
