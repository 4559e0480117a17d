import { type Device, createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunProgress, defineSuite, runSuites } from '../src/index.js'
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
    const { rows, failures } = await runSuites({ device, suites: [readSuite], filter, samples: 4, roofBytes })
    expect(failures).toEqual([])
    expect(rows.map(({ suite, kernel, format, m, threads }) => [suite, kernel, format, m, threads])).toEqual([
      ['read', 'stream_read', 'f16', 2, 1],
      ['read', 'stream_read', 'f32', 2, 1],
    ])
    for (const row of rows) {
      expect(row.device).toBe(device.info.name)
      expect(row.samplesNs.length).toBe(4)
      expect(row.roofGigabytesPerSecond).toBeGreaterThan(0)
      expect(row.percentOfRoof).toBeCloseTo((100 * row.gigabytesPerSecond) / row.roofGigabytesPerSecond, 6)
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
})
