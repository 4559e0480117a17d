/**
 * Work that may take long, written once as a generator that yields how much is done, and run in one go or in slices
 * that leave the event loop free.
 */
import { describe, fail } from './errors.js'

/** Options of everything that may take long. */
export interface LongWork {
  /** Called about a hundred times with what is done and what there is to do; throwing stops the work. */
  onProgress?: (done: number, total: number) => void
  /** Looked at as often; when aborted, its reason is thrown. */
  signal?: AbortSignal
}

/** Yields the units done of `total`, often enough (a few milliseconds apart) for an abort to be prompt. */
export type Steps<T> = Generator<{ readonly done: number; readonly total: number }, T, undefined>

/** Longest time that asynchronous work keeps the event loop, in milliseconds: one frame at 60 Hz. */
const sliceMs = 12

/** Runs the steps to the end without a pause. */
export function runSteps<T>(steps: Steps<T>, options: LongWork | undefined, op: string): T {
  const report = reporter(options, op)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    report(step.value.done, step.value.total)
  }
}

/** Runs the steps in slices of about 12 ms, with the event loop's turn between them. */
export async function runStepsAsync<T>(steps: Steps<T>, options: LongWork | undefined, op: string): Promise<T> {
  const report = reporter(options, op)
  let sliceEnd = performance.now() + sliceMs
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    report(step.value.done, step.value.total)
    if (performance.now() < sliceEnd) continue
    await nextTurn()
    options?.signal?.throwIfAborted()
    sliceEnd = performance.now() + sliceMs
  }
}

/** Checks the options and returns what reports progress, at most about a hundred times, and throws when aborted. */
function reporter(options: LongWork | undefined, op: string): (done: number, total: number) => void {
  checkLongWork(options, op)
  const { onProgress, signal } = options ?? {}
  signal?.throwIfAborted()
  let reported = 0
  return (done, total) => {
    if (onProgress !== undefined && done !== reported && (done === total || done - reported >= total / 100)) {
      reported = done
      onProgress(done, total)
    }
    if (done < total) signal?.throwIfAborted()
  }
}

/** @throws QuantizationError when onProgress or signal are not what they should be. */
export function checkLongWork(options: LongWork | undefined, op: string): void {
  const { onProgress, signal } = options ?? {}
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    fail(op, 'onProgress to be a function', describe(onProgress), 'Pass (done, total) => void.')
  }
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.throwIfAborted !== 'function') {
    fail(op, 'signal to be an AbortSignal', describe(signal), 'Pass the signal of an AbortController.')
  }
}

/** Resolves after everything that waits in the event loop had its turn. */
function nextTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void }
  if (setImmediate !== undefined) return new Promise((resolve) => setImmediate(resolve))
  // A nested setTimeout waits at least 4 ms in browsers; a message does not.
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel() as unknown as { port1: Port; port2: Port }
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}

/** What is used of a MessagePort, whose types differ between browsers and Node. */
interface Port {
  onmessage: () => void
  postMessage(message: unknown): void
  close(): void
}
