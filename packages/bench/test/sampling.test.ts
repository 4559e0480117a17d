import { describe, expect, it } from 'vitest'
import {
  type BenchCase,
  type RoofReading,
  type Round,
  type SamplingOptions,
  type Timing,
  sampleRounds,
  steadyRounds,
} from '../src/index.js'

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

const still: RoofReading = { read: 40, copy: 30 }

/** All samples, under a roof that never moves. */
async function sampleCase(benchCase: BenchCase, options: SamplingOptions): Promise<number[]> {
  const rounds = await sampleRounds(benchCase, () => Promise.resolve(still), options)
  return rounds.flatMap(({ samplesNs }) => samplesNs)
}

describe('sampleRounds', () => {
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

  it('measures the roof around every round, in time that does not count', async () => {
    const { benchCase, now } = fakeCase(10)
    let roof = 40
    let roofMs = 0
    const clock = (): number => now() + roofMs
    const measureRoof = (): Promise<RoofReading> => {
      roofMs += 1000
      return Promise.resolve({ read: roof++, copy: 30 })
    }
    const rounds = await sampleRounds(benchCase, measureRoof, { timeMs: 240, now: clock })
    // 48 ms of warm-up, then rounds of two runs: the shortest that are as long as a twelfth of the time.
    expect(rounds.map(({ samplesNs }) => samplesNs.length)).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 1])
    expect(rounds.map(({ before, after }) => [before.read, after.read])).toEqual(rounds.map((_, i) => [40 + i, 41 + i]))
    for (const [i, { before }] of rounds.entries()) if (i > 0) expect(before).toBe(rounds[i - 1].after)
    expect(now()).toBe(240)
  })

  it('runs what the case is compared with after each sample', async () => {
    const { benchCase, now } = fakeCase(10, { durationNs: 600, repeats: 2 })
    const order: string[] = []
    const against = {
      what: 'M = 1',
      run: () => {
        order.push('against')
        return Promise.resolve({ durationNs: 100 })
      },
    }
    const run = (): Promise<Timing> => {
      order.push('case')
      return benchCase.run()
    }
    const rounds = await sampleRounds({ ...benchCase, run, against }, () => Promise.resolve(still), {
      samples: 8,
      now,
      timeMs: 0,
    })
    const round = { samplesNs: [300, 300], againstNs: [100, 100], before: still, after: still }
    expect(rounds).toEqual(Array.from({ length: 4 }, () => round))
    // In turns, so that neither always has what the other leaves in the caches.
    expect(order.slice(0, 6)).toEqual(['case', 'against', 'against', 'case', 'case', 'against'])
    expect(order).toHaveLength(18)
    const broken = { what: 'M = 1', run: () => Promise.resolve({ durationNs: 0 }) }
    await expect(
      sampleRounds({ ...benchCase, against: broken }, () => Promise.resolve(still), { now }),
    ).rejects.toThrow('[bench] expected M = 1 to report a positive device time')
  })
})

describe('a cached case', () => {
  it('is one round, which no reading of the roof interrupts', async () => {
    const { benchCase, now } = fakeCase(10)
    let readings = 0
    const measureRoof = (): Promise<RoofReading> => {
      readings++
      return Promise.resolve(still)
    }
    for (const samples of [undefined, 8]) {
      readings = 0
      const options = { timeMs: 240, now, ...(samples && { samples }) }
      expect(await sampleRounds({ ...benchCase, cached: true }, measureRoof, options)).toHaveLength(1)
      expect(readings).toBe(2)
    }
  })
})

describe('steadyRounds', () => {
  const round = (before: number, after: number): Round => ({
    samplesNs: [before + after],
    againstNs: [],
    before: { read: before, copy: 30 },
    after: { read: after, copy: 30 },
  })

  it('keeps the most rounds that saw one roof, in their order', () => {
    const rounds = [round(40, 41), round(41, 70), round(70, 42), round(43, 40), round(40, 45)]
    expect(steadyRounds(rounds)).toEqual([rounds[0], rounds[3], rounds[4]])
    expect(steadyRounds([round(40, 46)])).toHaveLength(1)
    expect(steadyRounds([round(40, 46.1)])).toEqual([])
    expect(steadyRounds([])).toEqual([])
  })

  it('takes the higher roof of two with as many rounds', () => {
    const rounds = [round(40, 40), round(70, 70), round(71, 71), round(41, 41)]
    expect(steadyRounds(rounds)).toEqual([rounds[1], rounds[2]])
  })
})
