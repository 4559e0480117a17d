/** Where the time of a decode step goes, by kernel, and how much of it no kernel has. */
import { type Part, type Profile, medianOf } from '@metal-fp4/bench'
import type { CommandGraph, Device, Submission, SubmissionResult, SubmitOptions } from '@metal-fp4/metal-core'

/** What is looked at of a submission of steps. */
export type StepsTime = Pick<SubmissionResult, 'durationNs' | 'steps' | 'dispatches' | 'clockNs'>

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

/** Texts of either kind: with profiles, and without. Enough for the middle of them to be worth something on a machine with other work. */
const texts = 5

/**
 * Profiles texts that `generate` makes; it gives the time of a step, from token to token as its caller sees them. What no kernel has is counted
 * where nothing makes it smaller: between submissions in texts without a profile, whose host does only its own work; within submissions in
 * texts with one, whose dispatches wait for each other.
 */
export async function profileOfStep(device: ProfilingDevice, generate: () => Promise<number>): Promise<Profile> {
  const between: number[] = []
  const within: WithinSteps[] = []
  for (let text = 0; text < texts; text++) {
    let stepNs = NaN
    const plain = await device.record(async () => (stepNs = await generate()), { profile: false })
    between.push(Math.max(0, stepNs - withinSteps(afterFirst(plain)).durationNs))
    within.push(withinSteps(afterFirst(await device.record(generate, { profile: true }))))
  }
  const { parts, outsideNs } = within.sort((a, b) => a.outsideNs - b.outsideNs)[Math.floor(texts / 2)]
  // Kernels that ran at the same time: their sum says nothing of the step.
  return outsideNs < 0 ? { parts } : { parts, outsideKernelsNs: medianOf(between) + outsideNs }
}

/** The first token is the prompt's: its step is not in the time of a step. */
function afterFirst(submissions: readonly StepsTime[]): readonly StepsTime[] {
  return submissions.slice(1)
}

/** Of one step, on the device's clock. */
export interface WithinSteps {
  /** Times of kernels, the largest first; none without profiles. */
  readonly parts: readonly Part[]
  readonly durationNs: number
  /** What the kernels leave of that, less what timing them added. */
  readonly outsideNs: number
}

/**
 * Sums over all steps, divided by their number. A CPU device says what the thread with the most to do spent in a kernel, so that handing out
 * work and waiting for it are not the kernel's; and what its clock costs, of which three readings a dispatch are taken off: one that is split
 * has more.
 */
export function withinSteps(submissions: readonly StepsTime[]): WithinSteps {
  const byKernel = new Map<string, { calls: number; durationNs: number }>()
  const count = submissions.reduce((sum, { steps }) => sum + steps, 0)
  let timingNs = 0
  for (const { dispatches = [], clockNs = 0 } of submissions) {
    timingNs += 3 * clockNs * dispatches.length
    for (const { kernel, startNs, endNs, busyNs } of dispatches) {
      const part = byKernel.get(kernel) ?? { calls: 0, durationNs: 0 }
      byKernel.set(kernel, { calls: part.calls + 1, durationNs: part.durationNs + (busyNs ?? endNs - startNs) })
    }
  }
  const parts = [...byKernel]
    .map(([kernel, { calls, durationNs }]) => ({ kernel, calls: calls / count, durationNs: durationNs / count }))
    .sort((a, b) => b.durationNs - a.durationNs)
  const durationNs = submissions.reduce((sum, one) => sum + one.durationNs, 0) / count
  const kernelsNs = parts.reduce((sum, part) => sum + part.durationNs, 0)
  return { parts, durationNs, outsideNs: durationNs - kernelsNs - timingNs / count }
}
