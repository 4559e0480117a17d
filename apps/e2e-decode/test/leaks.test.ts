import { type Device, createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { geometrySpec } from '../src/geometry/geometries.js'
import { KvPool } from '../src/model/kv-pool.js'
import { createWorkspace } from '../src/model/workspace.js'

let device: Device
beforeAll(async () => {
  device = await createDevice({ backend: 'cpu' })
})
afterAll(() => device.dispose())

/** A device whose memory ends with the n-th buffer, and how many of those it gave out are still there. */
function small(most: number): { device: Device; alive: () => number } {
  let made = 0
  let alive = 0
  const createBuffer: Device['createBuffer'] = (options) => {
    if (++made > most) throw new Error('out of memory')
    const buffer = device.createBuffer(options)
    const dispose = buffer.dispose.bind(buffer)
    alive++
    buffer.dispose = () => {
      alive--
      dispose()
    }
    return buffer
  }
  return { device: { createBuffer } as unknown as Device, alive: () => alive }
}

describe('when memory ends half way, nothing is left behind by', () => {
  const spec = geometrySpec('qwen3-0.6b', { layers: 3, vocabSize: 300 })
  const makers: [string, (device: Device) => { dispose(): void }][] = [
    ['a cache', (on) => new KvPool(on, spec, 100)],
    ['a workspace', (on) => createWorkspace(on, spec, { capacity: 2, splits: 1, scratchBytes: 64 })],
  ]
  it.each(makers)('%s', (_, make) => {
    for (const most of [0, 1, 4]) {
      const on = small(most)
      expect(() => make(on.device)).toThrow('out of memory')
      expect(on.alive()).toBe(0)
    }
    const on = small(100)
    const whole = make(on.device)
    expect(on.alive()).toBeGreaterThan(4)
    whole.dispose()
    expect(on.alive()).toBe(0)
  })
})
