/** The machine that a report was made on. Nothing here names a user, a path or a host. */
import { availableParallelism, cpus, totalmem } from 'node:os'

export interface Machine {
  /** The processor's own name. */
  readonly cpu: string
  /** Logical processors of the machine. */
  readonly cores: number
  /** Of those, the ones this process may run on (affinity and cgroup limits included, where the platform says). */
  readonly threads: number
  readonly memoryBytes: number
  /** "linux x64" */
  readonly platform: string
  readonly node: string
  /** ISO 8601, UTC, when the run began. */
  readonly date: string
}

export function describeMachine(date: Date = new Date()): Machine {
  const processors = cpus()
  return {
    cpu: processors[0]?.model.trim() || 'unknown',
    cores: processors.length,
    threads: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    date: date.toISOString(),
  }
}
