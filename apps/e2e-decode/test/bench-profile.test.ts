/** Where a step's time goes: sums by kernel, and what no kernel has, from texts with a profile and without. */
import { expect, it } from 'vitest'
import { type ProfilingDevice, type StepsTime, profileOfStep, withinSteps } from '../bench/profile.js'

/** What each dispatch waits for its threads, and what comes before the next. */
interface Idle {
  readonly waiting: number
  readonly gap: number
}

/** A submission of two steps, each of an `a`, a `b` and another `a`; a device that knows how long threads were busy, and what its clock costs. */
function submission({ waiting, gap }: Idle, clockNs?: number): StepsTime {
  let now = 1000
  const dispatches = [0, 1].flatMap((step) =>
    [
      ['a', 10],
      ['b', 30],
      ['a', 10],
    ].map(([kernel, length]) => {
      const startNs = now
      const endNs = startNs + Number(length) + waiting
      now = endNs + gap
      const busy = clockNs === undefined ? {} : { busyNs: Number(length) }
      return { kernel: String(kernel), label: undefined, step, startNs, endNs, ...busy }
    }),
  )
  return { durationNs: now - 1000, steps: 2, dispatches, ...(clockNs !== undefined && { clockNs }) }
}

it('a profile is summed by kernel and divided by steps', () => {
  expect(withinSteps([submission({ waiting: 0, gap: 2 }), submission({ waiting: 0, gap: 4 })])).toEqual({
    parts: [
      { kernel: 'b', calls: 1, durationNs: 30 },
      { kernel: 'a', calls: 2, durationNs: 20 },
    ],
    // 50 and three gaps of 2 or of 4.
    durationNs: 59,
    outsideNs: 9,
  })
})

it('waiting for threads is no time of a kernel, nor are readings of the clock, where the device tells them', () => {
  const { parts, durationNs, outsideNs } = withinSteps([submission({ waiting: 7, gap: 5 }, 2)])
  expect(parts).toEqual([
    { kernel: 'b', calls: 1, durationNs: 30 },
    { kernel: 'a', calls: 2, durationNs: 20 },
  ])
  expect(durationNs).toBe(50 + 3 * 12)
  expect(outsideNs).toBe(3 * 12 - 3 * 3 * 2)
  expect(withinSteps([submission({ waiting: 7, gap: 5 })]).parts[0].durationNs).toBe(37)
})

/** Texts whose profiled submissions have such gaps, and whose others take `plainNs` a step. */
function deviceWith(gaps: readonly number[], plainNs: number): ProfilingDevice {
  let text = 0
  const slow = { ...submission({ waiting: 0, gap: 1000 }), durationNs: 1e6 }
  return {
    device: undefined as never,
    async record(work, { profile }) {
      await work()
      // The first is the prompt's, and not looked at.
      if (!profile) return [slow, { durationNs: 2 * plainNs, steps: 2 }]
      return [slow, submission({ waiting: 0, gap: gaps[text++] })]
    },
    [Symbol.dispose]: () => undefined,
  }
}

it('what no kernel has is that between submissions without a profile, and that within them with one', async () => {
  const steps = [70, 75, 90, 75, 1000]
  let text = 0
  // The caller sees a step of 75 in the middle of five, the device one of 60; the gaps in the middle are three of 4.
  const generate = () => Promise.resolve(steps[Math.floor(text++ / 2)])
  const profile = await profileOfStep(deviceWith([50, 2, 4, 3, 9], 60), generate)
  expect(profile.outsideKernelsNs).toBe(15 + 12)
  expect(profile.parts[0]).toEqual({ kernel: 'b', calls: 1, durationNs: 30 })
})

it('says nothing of it where kernels ran at the same time', async () => {
  const profile = await profileOfStep(deviceWith([-8, -8, -8, -8, -8], 60), () => Promise.resolve(75))
  expect(profile.parts.length).toBe(2)
  expect(profile).not.toHaveProperty('outsideKernelsNs')
})
