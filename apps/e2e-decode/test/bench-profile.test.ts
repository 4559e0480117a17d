/** Where a step's time goes: sums by kernel, and what no kernel has, from texts with a profile and without. */
import { expect, it } from 'vitest'
import { type ProfilingDevice, type StepsTime, profileOfStep, withinSteps } from '../bench/profile.js'

/** A submission of two steps, each of an `a`, a `b` and another `a`, with `gap` between one and the next. */
function submission(gap: number): StepsTime {
  let now = 1000
  const dispatches = [0, 1].flatMap((step) =>
    [
      ['a', 10],
      ['b', 30],
      ['a', 10],
    ].map(([kernel, length]) => {
      const startNs = now
      now += Number(length) + gap
      return { kernel: String(kernel), label: undefined, step, startNs, endNs: startNs + Number(length) }
    }),
  )
  return { durationNs: now - 1000, steps: 2, dispatches }
}

it('a profile is summed by kernel and divided by steps', () => {
  expect(withinSteps([submission(2), submission(4)])).toEqual({
    parts: [
      { kernel: 'b', calls: 1, durationNs: 30 },
      { kernel: 'a', calls: 2, durationNs: 20 },
    ],
    // 50 and three gaps of 2 or of 4.
    durationNs: 59,
    outsideNs: 9,
  })
})

/** Texts whose profiled submissions have such gaps, and whose others take `plainNs` a step. */
function deviceWith(gaps: readonly number[], plainNs: number): ProfilingDevice {
  let text = 0
  const slow = { ...submission(1000), durationNs: 1e6 }
  return {
    device: undefined as never,
    async record(work, { profile }) {
      await work()
      // The first is the prompt's, and not looked at.
      return profile ? [slow, submission(gaps[text++])] : [slow, { durationNs: 2 * plainNs, steps: 2 }]
    },
    [Symbol.dispose]: () => undefined,
  }
}

it('what no kernel has is that between submissions without a profile, and that within them with one', async () => {
  const steps = [70, 75, 90]
  let text = 0
  // The caller sees a step of 75 in the middle of three, the device one of 60; the gaps in the middle are three of 4.
  const generate = () => Promise.resolve(steps[Math.floor(text++ / 2)])
  const profile = await profileOfStep(deviceWith([50, 2, 4], 60), generate)
  expect(profile.outsideKernelsNs).toBe(15 + 12)
  expect(profile.parts[0]).toEqual({ kernel: 'b', calls: 1, durationNs: 30 })
})

it('says nothing of it where kernels ran at the same time', async () => {
  const profile = await profileOfStep(deviceWith([-8, -8, -8], 60), () => Promise.resolve(75))
  expect(profile.parts.length).toBe(2)
  expect(profile).not.toHaveProperty('outsideKernelsNs')
})
