/** Where the time of a decode step goes, by kernel. */
import type { Part } from '@metal-fp4/bench'
import type { CommandGraph, Device, DispatchTime, Submission, SubmitOptions } from '@metal-fp4/metal-core'

/**
 * A device whose graphs can be told to time each of their dispatches. A model submits its graphs itself and has no use for profiles, so
 * that the benchmark listens where they are made.
 */
export interface ProfilingDevice {
  /** Give this to `loadModel`. The same device, which stays the caller's. */
  readonly device: Device
  /** Runs `work` with profiles on, and gives the times of the dispatches of every submission in it. */
  record(work: () => Promise<void>): Promise<readonly (readonly DispatchTime[])[]>
  /** Leaves the device as it was. */
  [Symbol.dispose](): void
}

export function profilingDevice(device: Device): ProfilingDevice {
  const createGraph = device.createGraph.bind(device)
  let profiles: (readonly DispatchTime[])[] | null = null
  device.createGraph = (...args): CommandGraph => {
    const graph = createGraph(...args)
    const submit = graph.submit.bind(graph)
    graph.submit = (options?: SubmitOptions): Submission => {
      const into = profiles
      if (into === null) return submit(options)
      const submission = submit({ ...options, profile: true })
      // Whoever submitted it sees its failure.
      submission.completed.then(
        ({ dispatches }) => {
          if (dispatches) into.push(dispatches)
        },
        () => undefined,
      )
      return submission
    }
    return graph
  }
  return {
    device,
    async record(work) {
      const made: (readonly DispatchTime[])[] = []
      profiles = made
      try {
        await work()
      } finally {
        profiles = null
      }
      return made
    },
    [Symbol.dispose]() {
      Reflect.deleteProperty(device, 'createGraph')
    },
  }
}

/** Times of kernels in one step, the largest first: sums over all steps, divided by their number. */
export function partsOf(steps: readonly (readonly DispatchTime[])[]): Part[] {
  const byKernel = new Map<string, { calls: number; durationNs: number }>()
  let count = 0
  for (const dispatches of steps) {
    count += 1 + Math.max(...dispatches.map(({ step }) => step))
    for (const { kernel, startNs, endNs } of dispatches) {
      const part = byKernel.get(kernel) ?? { calls: 0, durationNs: 0 }
      byKernel.set(kernel, { calls: part.calls + 1, durationNs: part.durationNs + endNs - startNs })
    }
  }
  return [...byKernel]
    .map(([kernel, { calls, durationNs }]) => ({ kernel, calls: calls / count, durationNs: durationNs / count }))
    .sort((a, b) => b.durationNs - a.durationNs)
}
