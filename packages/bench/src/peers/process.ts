/** A peer in a process of its own, asked by messages: its threads, its memory and its crashes stay away from what is measured beside it. */
import { type ChildProcess, fork } from 'node:child_process'
import { BenchError } from '../errors.js'

export interface PeerProcess {
  /**
   * Sends { id, op, ...request } and waits for { id, result } or { id, error }. A process that does not answer within `limitMs` (default two
   * minutes) is ended: threads that wait for one another never do.
   * @throws BenchError with the peer's own message.
   */
  ask<T>(op: string, request?: Readonly<Record<string, unknown>>, limitMs?: number): Promise<T>
  /** It answers no more: it crashed, took too long or was disposed. */
  readonly ended: boolean
  /** Ends the process. */
  dispose(): void
  [Symbol.dispose](): void
}

/** Who waits for an answer, and until when. */
interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

const defaultLimitMs = 120_000

/** How much of what a peer writes is kept for the message of a crash. */
const keptOutput = 2000

/** Starts `worker`, a module for Node; aborting ends it. `name` is for messages. */
export function openPeer(worker: string, name: string, signal?: AbortSignal): PeerProcess {
  signal?.throwIfAborted()
  const child = fork(worker, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] })
  const waiting = new Map<number, Waiting>()
  let said = ''
  let ended: Error | undefined
  let count = 0
  const hear = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-keptOutput))
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  child.on('message', ({ id, result, error }: Answer) => {
    const one = waiting.get(id)
    waiting.delete(id)
    clearTimeout(one?.timer)
    if (error === undefined) one?.resolve(result)
    else one?.reject(new BenchError(`[${name}] ${error}`))
  })
  const end = (what: string): void => {
    const tail = said.trim().split('\n').slice(-5).join('\n')
    ended ??= new BenchError(`[${name}] expected ${what}${tail === '' ? '' : `\n${tail}`}`)
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer)
      reject(ended)
    }
    waiting.clear()
  }
  const died = (how: string): void => end(`an answer, got ${how}. Run it alone to see why.`)
  child.on('error', (error) => died(error.message))
  child.on('exit', (code, killed) => died(killed === null ? `exit status ${String(code)}` : `signal ${killed}`))
  const stop = stopper(child, signal)
  const dispose = (): void => {
    stop()
    died('a disposed process')
  }
  return {
    get ended() {
      return ended !== undefined
    },
    ask<T>(op: string, request: Readonly<Record<string, unknown>> = {}, limitMs = defaultLimitMs): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended)
          return
        }
        const id = count++
        const timer = setTimeout(() => {
          stop()
          end(
            `an answer to '${op}' within ${limitMs / 1000} s, got none. Its threads may be waiting for one another: use fewer (--threads), or stop what else runs here.`,
          )
        }, limitMs)
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer })
        child.send({ id, op, ...request })
      })
    },
    dispose,
    [Symbol.dispose]: dispose,
  }
}

/** Ends the process when called, when the signal is aborted, and with this process. */
function stopper(child: ChildProcess, signal: AbortSignal | undefined): () => void {
  const stop = (): void => {
    signal?.removeEventListener('abort', stop)
    process.off('exit', stop)
    child.kill('SIGKILL')
  }
  signal?.addEventListener('abort', stop, { once: true })
  process.once('exit', stop)
  return stop
}
