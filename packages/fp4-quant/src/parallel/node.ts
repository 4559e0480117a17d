/**
 * The parts of Node that the pool uses, had without an import: bundlers for browsers find nothing to resolve, and the same module works as
 * ESM and CJS. (`process.getBuiltinModule` is in Node since 20.16 and 22.3.)
 */

/** The modules, as far as they are used. */
export interface NodeModules {
  'node:worker_threads': {
    readonly Worker: new (code: string, options: { eval: true; execArgv: string[]; name: string }) => NodeWorker
    readonly parentPort?: {
      on(event: 'message', listener: (message: unknown) => void): void
      postMessage(message: unknown, moved: ArrayBuffer[]): void
    } | null
  }
  'node:os': { availableParallelism(): number }
  'node:fs': { readFileSync(path: string, encoding: 'utf8'): string }
}

export interface NodeWorker {
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): void
  postMessage(message: unknown, moved: ArrayBuffer[]): void
  terminate(): Promise<unknown>
  ref(): void
  unref(): void
}

/** A module of Node; undefined in other runtimes. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(id: string): unknown; versions?: { node?: string } }
  }
  if (process?.versions?.node === undefined) return undefined
  return process.getBuiltinModule?.(name) as NodeModules[Name] | undefined
}

/** Threads that may run at once: what the system says, or less where a container's quota of CPU time is smaller. */
export function availableThreads(): number {
  const os = nodeModule('node:os')
  if (os === undefined) {
    return (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 1
  }
  return Math.max(1, Math.min(os.availableParallelism(), Math.ceil(cgroupQuota())))
}

/** CPUs' worth of time that control groups allow this process; Infinity when they say nothing. */
function cgroupQuota(): number {
  const read = (path: string): string | undefined => {
    try {
      return nodeModule('node:fs')?.readFileSync(`/sys/fs/cgroup/${path}`, 'utf8').trim()
    } catch {
      return undefined // not Linux, or no such control group
    }
  }
  const [quota, period] = (read('cpu.max') ?? `${read('cpu/cpu.cfs_quota_us')} ${read('cpu/cpu.cfs_period_us')}`).split(
    ' ',
  )
  const threads = Number(quota) / Number(period)
  return threads > 0 ? threads : Infinity
}
