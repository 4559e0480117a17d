/** A peer in a process of its own, asked by messages: its threads, its memory and its crashes stay away from what is measured beside it. */
import { type ChildProcess, fork } from 'node:child_process'
import { BenchError } from '../errors.js'

export interface PeerProcess {
  /** Sends { id, op, ...request } and waits for { id, result } or { id, error }. @throws BenchError with the peer's own message. */
  ask<T>(op: string, request?: Readonly<Record<string, unknown>>): Promise<T>
  /** Ends the process. */
  dispose(): void
  [Symbol.dispose](): void
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** How much of what a peer writes is kept for the message of a crash. */
const keptOutput = 2000

/** Starts `worker`, a module for Node; aborting ends it. `name` is for messages. */
export function openPeer(worker: string, name: string, signal?: AbortSignal): PeerProcess {
  signal?.throwIfAborted()
  const child = fork(worker, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] })
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let said = ''
  let ended: Error | undefined
  let count = 0
  const hear = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-keptOutput))
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  child.on('message', ({ id, result, error }: Answer) => {
    const one = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) one?.resolve(result)
    else one?.reject(new BenchError(`[${name}] ${error}`))
  })
  const end = (how: string): void => {
    const tail = said.trim().split('\n').slice(-5).join('\n')
    ended ??= new BenchError(
      `[${name}] expected an answer, got ${how}. Run it alone to see why.${tail === '' ? '' : `\n${tail}`}`,
    )
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  child.on('error', (error) => end(error.message))
  child.on('exit', (code, killed) => end(killed === null ? `exit status ${String(code)}` : `signal ${killed}`))
  const dispose = stopper(child, signal)
  return {
    ask<T>(op: string, request: Readonly<Record<string, unknown>> = {}): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended)
          return
        }
        const id = count++
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
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
