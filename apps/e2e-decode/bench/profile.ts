/** Where the time of a decode step goes, by kernel, and how much of it no kernel has. */
import type { Part, Profile } from '@metal-fp4/bench'
import type { CommandGraph, Device, Submission, SubmissionResult, SubmitOptions } from '@metal-fp4/metal-core'

/** What is looked at of a submission of steps. */
export type StepsTime = Pick<SubmissionResult, 'steps' | 'dispatches' | 'clockNs'>

/**
 * A device whose submissions are listened to, and can be told to time each of their dispatches. A model submits its graphs itself and has
 * no use for profiles, so that the benchmark listens where they are made.
 */
export interface ProfilingDevice {
  /** Give this to `loadModel`. The same device, which stays the caller's. */
  readonly device: Device
  /** Runs `work` and gives what each submission of steps in it took; passes over a prompt have no steps. */
  record(work: () => Promise<unknown>, options: { readonly profile: boolean }): Promise<readonly StepsTime[]>
  /** Leaves the device as it was. */
  [Symbol.dispose](): void
}

export function profilingDevice(device: Device): ProfilingDevice {
  const createGraph = device.createGraph.bind(device)
  let recording: { readonly into: StepsTime[]; readonly profile: boolean } | null = null
  device.createGraph = (...args): CommandGraph => {
    const graph = createGraph(...args)
    const submit = graph.submit.bind(graph)
    graph.submit = (options?: SubmitOptions): Submission => {
      if (recording === null || options?.steps === undefined) return submit(options)
      const { into, profile } = recording
      const submission = submit({ ...options, ...(profile && { profile }) })
      // Whoever submitted it sees its failure.
      submission.completed.then(
        (result) => into.push(result),
        () => undefined,
      )
      return submission
    }
    return graph
  }
  return {
    device,
    async record(work, { profile }) {
      const into: StepsTime[] = []
      recording = { into, profile }
      try {
        await work()
      } finally {
        recording = null
      }
      return into
    },
    [Symbol.dispose]() {
      Reflect.deleteProperty(device, 'createGraph')
    },
  }
}

/** Pairs of texts, one with a profile and one without. Enough for the middle to be worth something on a machine with other work. */
const pairs = 15

/** By how much of its time a text may be slower than the other of its pair, by chance. */
const noise = 0.25

/**
 * Profiles texts that `generate` makes; it gives the time of a step, from token to token as its caller sees them. What no kernel has is the step of
 * a text without a profile, less the kernels of a step in a text with one: a profile makes dispatches wait for each other and for the clock,
 * and its steps are not what users have.
 */
export async function profileOfStep(device: ProfilingDevice, generate: () => Promise<number>): Promise<Profile> {
  const profiles: { readonly parts: readonly Part[]; readonly outsideNs: number }[] = []
  for (let pair = 0; pair < pairs; pair++) {
    let stepNs = NaN
    await device.record(async () => (stepNs = await generate()), { profile: false })
    // The first token is the prompt's: its step is not in the time of a step.
    const [, ...submissions] = await device.record(generate, { profile: true })
    const parts = partsOf(submissions)
    profiles.push({ parts, outsideNs: stepNs - parts.reduce((sum, { durationNs }) => sum + durationNs, 0) })
  }
  const { parts, outsideNs } = profiles.sort((a, b) => a.outsideNs - b.outsideNs)[Math.floor(pairs / 2)]
  const kernelsNs = parts.reduce((sum, { durationNs }) => sum + durationNs, 0)
  // Kernels that ran at the same time: their sum says nothing of the step. A little less than nothing is noise.
  return outsideNs < -noise * kernelsNs ? { parts } : { parts, outsideKernelsNs: Math.max(0, outsideNs) }
}

/**
 * Times of kernels in a step, the largest first: sums over all steps, divided by their number. A CPU device says what the thread with the most
 * to do spent in a kernel, so that handing out work and waiting for it are not the kernel's; and what reading its clock costs, of which one
 * reading is in that time.
 */
export function partsOf(submissions: readonly StepsTime[]): readonly Part[] {
  const byKernel = new Map<string, { calls: number; durationNs: number }>()
  const count = submissions.reduce((sum, { steps }) => sum + steps, 0)
  for (const { dispatches = [], clockNs = 0 } of submissions) {
    for (const { kernel, startNs, endNs, busyNs } of dispatches) {
      const part = byKernel.get(kernel) ?? { calls: 0, durationNs: 0 }
      const durationNs = busyNs === undefined ? endNs - startNs : Math.max(0, busyNs - clockNs)
      byKernel.set(kernel, { calls: part.calls + 1, durationNs: part.durationNs + durationNs })
    }
  }
  return [...byKernel]
    .map(([kernel, { calls, durationNs }]) => ({ kernel, calls: calls / count, durationNs: durationNs / count }))
    .sort((a, b) => b.durationNs - a.durationNs)
}
