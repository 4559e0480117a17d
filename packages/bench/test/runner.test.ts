import { type Device, createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Against, type BenchRow, type Roof, type RunProgress, defineSuite, runSuites } from '../src/index.js'
import { readSuite } from './support/read-suite.js'

const roofBytes = 1024 * 1024

describe('runSuites', () => {
  let device: Device
  beforeAll(async () => {
    device = await createDevice({ backend: 'cpu', threads: 1 })
  })
  afterAll(() => {
    device.dispose()
  })

  it('gives a row for each case, with the filter handed on', async () => {
    const filter = { formats: ['f16', 'f32'], m: [2] }
    const { rows, failures } = await runSuites({
      device,
      suites: [readSuite],
      filter,
      samples: 4,
      attempts: 1,
      roofBytes,
    })
    expect(failures).toEqual([])
    expect(rows.map(({ suite, kernel, format, m, threads }) => [suite, kernel, format, m, threads])).toEqual([
      ['read', 'stream_read', 'f16', 2, 1],
      ['read', 'stream_read', 'f32', 2, 1],
    ])
    for (const row of rows) {
      expect(row.device).toBe(device.info.name)
      // Those under another roof stand apart, and this machine's roof is what it is.
      expect(row.samplesNs.length + (row.otherSamplesNs?.length ?? 0)).toBe(4)
      expect(row.roofGigabytesPerSecond).toBeGreaterThan(0)
      expect(row.percentOfRoof).toBeGreaterThan(0)
    }
  })

  it('goes on after a case that fails, and after a suite that does', async () => {
    const events: RunProgress[] = []
    const disposed: string[] = []
    const shape = { format: 'fp4', precision: 'float32', m: 1, n: 64, k: 128, bytes: 1 }
    const flaky = defineSuite({
      name: 'flaky',
      summary: '',
      async *cases() {
        try {
          await Promise.resolve()
          yield { ...shape, kernel: 'bad', run: () => Promise.reject(new Error('kernel failed')) }
          yield { ...shape, kernel: 'good', run: () => Promise.resolve({ durationNs: 5 }) }
          throw new Error('no memory')
        } finally {
          disposed.push('flaky')
        }
      },
    })
    const onProgress = (event: RunProgress): void => void events.push(event)
    const { rows, failures } = await runSuites({
      device,
      suites: [flaky, readSuite],
      samples: 1,
      roofBytes,
      onProgress,
    })
    expect(rows.map(({ kernel }) => kernel)).toEqual(['good', 'stream_read'])
    expect(failures).toEqual([
      { suite: 'flaky', case: 'bad fp4 M=1 64x128', threads: 1, message: 'kernel failed' },
      { suite: 'flaky', case: 'making its cases', threads: 1, message: 'no memory' },
    ])
    expect(disposed).toEqual(['flaky'])
    expect(events.map(({ kind }) => kind)).toEqual(['case', 'failure', 'case', 'row', 'failure', 'case', 'row'])
  })

  it('stops when aborted, disposing what the suite holds', async () => {
    const controller = new AbortController()
    let disposed = false
    const suite = defineSuite({
      name: 'endless',
      summary: '',
      *cases() {
        try {
          for (;;) {
            yield {
              kernel: 'slow',
              format: 'fp4',
              precision: 'float32',
              m: 1,
              n: 1,
              k: 1,
              bytes: 1,
              run: () => {
                controller.abort(new Error('enough'))
                return Promise.resolve({ durationNs: 1 })
              },
            }
          }
        } finally {
          disposed = true
        }
      },
    })
    await expect(runSuites({ device, suites: [suite], signal: controller.signal, roofBytes })).rejects.toThrow('enough')
    expect(disposed).toBe(true)
  })

  describe('with a roof that moves', () => {
    const shape = { kernel: 'read', format: 'fp4', precision: 'float32', m: 1, n: 64, k: 128, bytes: 80 }
    /** A roof whose readings come from a list, each twice; the last one stays. */
    const moving = (...values: readonly number[]): Roof => {
      let measured = 0
      return {
        source: 'read',
        measure: () => Promise.resolve(values[Math.min(Math.floor(measured++ / 2), values.length - 1)]),
        measureCopy: () => Promise.resolve(30),
        dispose: () => undefined,
        [Symbol.dispose]: () => undefined,
      }
    }
    /** Eight samples an attempt, two a round; the n-th run takes n ns, the first of an attempt warms up. */
    const rowWith = async (
      roof: Roof,
      { cached, against, ...rest }: { attempts?: number; cached?: boolean; against?: Against; samples?: number } = {},
    ): Promise<[BenchRow, number]> => {
      let runs = 0
      const suite = defineSuite({
        name: 'moving',
        summary: '',
        cases: () => [
          {
            ...shape,
            ...(cached && { cached }),
            ...(against && { against }),
            run: () => Promise.resolve({ durationNs: ++runs }),
          },
        ],
      })
      const { rows } = await runSuites({ device, suites: [suite], roof, samples: 8, timeMs: 0, ...rest })
      return [rows[0], runs]
    }

    it('measures it between the rounds, and takes the share round by round', async () => {
      const [row, runs] = await rowWith(moving(40, 41, 42, 43, 44))
      expect(runs).toBe(1 + 8)
      expect(row).toMatchObject({ roofSamples: [40, 41, 42, 43, 44], roofGigabytesPerSecond: 42 })
      expect(row.samplesNs).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
      expect(row.copyRoofGigabytesPerSecond).toBe(30)
      expect(row.roofDrift).toBeCloseTo(0.1, 9)
      const shares = [2.5, 4.5, 6.5, 8.5].map((ns, i) => (100 * 80) / ns / (40.5 + i))
      expect(row.percentOfRoof).toBeCloseTo((shares[1] + shares[2]) / 2, 9)
      expect([row.percentOfRoofHigh, row.percentOfRoofLow]).toEqual([shares[0], shares[3]])
      for (const field of ['attempts', 'roofMoved', 'otherSamplesNs', 'times']) expect(row).not.toHaveProperty(field)
    })

    it('takes the higher of two readings: what disturbs one makes it lower', async () => {
      const values = [40, 20, 12, 40, 40, 40, 40, 31, 40, 40]
      const roof = { ...moving(), measure: () => Promise.resolve(values.shift() ?? 40) }
      expect((await rowWith(roof))[0]).toMatchObject({ roofSamples: [40, 40, 40, 40, 40], roofDrift: 0 })
    })

    it('leaves out the rounds that saw another roof, and keeps what they gave', async () => {
      const [row, runs] = await rowWith(moving(40, 40, 40, 40, 70))
      expect(runs).toBe(9)
      expect(row).toMatchObject({ samplesNs: [2, 3, 4, 5, 6, 7], roofSamples: [40, 40, 40, 40], roofDrift: 0 })
      expect(row).toMatchObject({ otherSamplesNs: [8, 9], otherRoofSamples: [40, 70] })
      expect(row).not.toHaveProperty('roofMoved')
    })

    it('runs the case again until half of all rounds saw one roof', async () => {
      const [row, runs] = await rowWith(moving(40, 70, 40, 40, 60, 40, 40, 40, 40, 60))
      expect(runs).toBe(2 * 9)
      // Of the first attempt the third round, of the second the first three.
      expect(row).toMatchObject({ attempts: 2, roofDrift: 0, samplesNs: [6, 7, 11, 12, 13, 14, 15, 16] })
      expect(row).not.toHaveProperty('roofMoved')
    })

    it('marks a row of fewer, and one of fewer than six samples', async () => {
      let roof = 10
      const restless = (): Roof => ({ ...moving(), measure: () => Promise.resolve((roof *= 2)) })
      const [row, runs] = await rowWith(restless())
      expect(runs).toBe(3 * 9)
      expect(row).toMatchObject({ attempts: 3, roofMoved: true })
      expect(row.samplesNs).toHaveLength(24)
      expect((await rowWith(restless(), { attempts: 1 }))[0]).toMatchObject({
        roofMoved: true,
        samplesNs: [2, 3, 4, 5, 6, 7, 8, 9],
      })
      // Three of four rounds, but with one sample each.
      const few = await rowWith(moving(40, 40, 40, 40, 70), { samples: 4, attempts: 1 })
      expect(few[0]).toMatchObject({ roofMoved: true, samplesNs: [2, 3, 4, 5] })
      // Rounds in which it wanders within a factor of 2: the best of many windows is no steady roof.
      let state = 1
      const wandering: Roof = {
        ...moving(),
        measure: () => Promise.resolve(40 * 2 ** ((state = (state * 16807) % 2147483647) / 2147483647)),
      }
      const rows = await Promise.all(Array.from({ length: 20 }, () => rowWith(wandering)))
      expect(rows.filter(([one]) => one.roofMoved).length).toBeGreaterThan(10)
    })

    it('does not care for what a cache holds', async () => {
      const [row, runs] = await rowWith(moving(40, 80, 160), { cached: true })
      expect(runs).toBe(9)
      expect(row).not.toHaveProperty('roofMoved')
      expect(row).toMatchObject({ percentOfRoof: null, roofSamples: [40, 80] })
      expect(row.samplesNs).toHaveLength(8)
    })

    it('compares pair by pair with what the case names', async () => {
      let other = 0
      const against = { what: 'M = 1', run: () => Promise.resolve({ durationNs: ++other / 2 }) }
      const [row] = await rowWith(moving(40), { against })
      expect(row).toMatchObject({ against: 'M = 1', times: 2, timesLow: 2, timesHigh: 2 })
      expect(row.againstNs).toEqual([1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5])
    })
  })

  describe('with checks and profiles', () => {
    const shape = { kernel: 'read', format: 'fp4', precision: 'float32', m: 1, n: 64, k: 128, bytes: 80 }
    const order: string[] = []
    const suite = defineSuite({
      name: 'checked',
      summary: '',
      cases: () =>
        [false, true].map((wrong) => ({
          ...shape,
          run: () => {
            order.push('run')
            return Promise.resolve({ durationNs: 10 })
          },
          check: () => {
            order.push('check')
            return wrong ? Promise.reject(new Error('[read] expected 1, got 2.')) : Promise.resolve()
          },
          profile: () => {
            order.push('profile')
            return Promise.resolve({ parts: [{ kernel: 'read', calls: 1, durationNs: 9 }], outsideKernelsNs: 1 })
          },
        })),
    })

    it('compares with the oracle before anything is timed, and profiles after', async () => {
      const { rows, failures } = await runSuites({
        device,
        suites: [suite],
        check: true,
        samples: 1,
        timeMs: 0,
        attempts: 1,
        roofBytes,
      })
      expect(order).toEqual(['check', 'run', 'run', 'profile', 'check'])
      expect(rows).toMatchObject([
        {
          checked: true,
          parts: [{ kernel: 'read', calls: 1, durationNs: 9 }],
          outsideKernelsNs: 1,
          outsideKernelsPercent: 10,
        },
      ])
      expect(failures).toMatchObject([{ message: '[read] expected 1, got 2.' }])
    })

    it('checks nothing unless asked to', async () => {
      order.length = 0
      const { rows } = await runSuites({ device, suites: [suite], samples: 1, timeMs: 0, attempts: 1, roofBytes })
      expect(order).not.toContain('check')
      expect(rows.length).toBe(2)
      expect(rows[0]).not.toHaveProperty('checked')
    })
  })
})
