/** Where a step's time goes: sums by kernel from texts with a profile, and what they leave of the steps of texts without. */
import { expect, it } from 'vitest'
import { type ProfilingDevice, type StepsTime, partsOf, profileOfStep } from '../bench/profile.js'

/** A submission of two steps, each of an `a`, a `b` and another `a` that wait for their threads; a device may know how long those were busy. */
function submission(waiting: number, clockNs?: number): StepsTime {
  let now = 1000
  const dispatches = [0, 1].flatMap((step) =>
    [
      ['a', 10],
      ['b', 30],
      ['a', 10],
    ].map(([kernel, length]) => {
      const startNs = now
      now += Number(length) + waiting
      const busy = clockNs === undefined ? {} : { busyNs: Number(length) }
      return { kernel: String(kernel), label: undefined, step, startNs, endNs: now, ...busy }
    }),
  )
  return { steps: 2, dispatches, ...(clockNs !== undefined && { clockNs }) }
}

it('a profile is summed by kernel and divided by steps', () => {
  expect(partsOf([submission(2), submission(4)])).toEqual([
    { kernel: 'b', calls: 1, durationNs: 33 },
    { kernel: 'a', calls: 2, durationNs: 26 },
  ])
})

it('waiting for threads is no time of a kernel, nor is reading the clock, where the device tells them', () => {
  expect(partsOf([submission(7, 0), submission(90, 2)])).toEqual([
    { kernel: 'b', calls: 1, durationNs: 29 },
    { kernel: 'a', calls: 2, durationNs: 18 },
  ])
})

const device: ProfilingDevice = {
  device: undefined as never,
  async record(work, { profile }) {
    await work()
    // The first is the prompt's, and not looked at.
    return [submission(1000), profile ? submission(8, 0) : { steps: 2 }]
  },
  [Symbol.dispose]: () => undefined,
}

/** Steps of texts without a profile; those with one, between them, take long and do not count. */
function stepsOf(plain: readonly number[]): () => Promise<number> {
  let text = 0
  return () => Promise.resolve(text++ % 2 === 0 ? plain[(text - 1) / 2] : 1e6)
}

it('what no kernel has is what they leave of a step that was not profiled', async () => {
  const profile = await profileOfStep(device, stepsOf([70, 75, 90, 1000, 60, 77, 77, 71, 900, 61, 62, 63, 78, 79, 80]))
  expect(profile.outsideKernelsNs).toBe(77 - 50)
  expect(profile.parts[0]).toEqual({ kernel: 'b', calls: 1, durationNs: 30 })
})

it('says nothing of it where kernels ran at the same time', async () => {
  const profile = await profileOfStep(device, () => Promise.resolve(37))
  expect(profile.parts.length).toBe(2)
  expect(profile).not.toHaveProperty('outsideKernelsNs')
  // A quarter is noise.
  expect(await profileOfStep(device, () => Promise.resolve(38))).toHaveProperty('outsideKernelsNs', 0)
})
