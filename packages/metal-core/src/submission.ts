import { refuse } from './check.js'
import { fromNative } from './errors.js'
import type { NativeHandle, NativeOutcome, NativeProvider } from './native.js'
import type { DispatchTime, SubmissionResult } from './types.js'

/** Work handed to the device. */
export interface Submission {
  /**
   * Rejects with KernelError (a kernel failed), DisposedError (the device was disposed) or the reason of the signal.
   * A rejection that nobody awaits does not end the process.
   */
  readonly completed: Promise<SubmissionResult>
}

/** Which dispatch a time of a profile belongs to. */
export interface RecordedName {
  readonly kernel: string
  readonly label: string | undefined
}

/** Follows a native submission. `names`: those of the graph's dispatches, in profile mode. */
export function track(
  provider: NativeProvider,
  started: { readonly submission: NativeHandle<'submission'>; readonly completed: Promise<NativeOutcome> },
  names: readonly RecordedName[] | undefined,
  signal: AbortSignal | undefined,
): Submission {
  const cancel = (): void => {
    provider.cancelSubmission(started.submission)
  }
  signal?.addEventListener('abort', cancel, { once: true })
  const settle = async (): Promise<SubmissionResult> => {
    try {
      const outcome = await started.completed
      if (outcome.cancelled && signal) throw reasonOf(signal)
      return resultOf(outcome, names)
    } catch (error) {
      throw fromNative(error)
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }
  return handled(settle())
}

/** A submission that was aborted before it was queued. */
export function rejected(signal: AbortSignal): Submission {
  return handled(Promise.reject(reasonOf(signal)))
}

/** Throws ArgumentError unless the value is an AbortSignal or undefined. */
export function checkSignal(op: string, signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined
  const { addEventListener, removeEventListener } = Object(signal) as Partial<AbortSignal>
  if (typeof addEventListener === 'function' && typeof removeEventListener === 'function') return signal as AbortSignal
  return refuse(op, 'signal to be an AbortSignal', signal)
}

/** Marks the promise as handled, so that a failure nobody waits for does not end the process. */
function handled(completed: Promise<SubmissionResult>): Submission {
  completed.catch(() => undefined)
  return { completed }
}

/** What `completed` rejects with: the reason as it is, which by convention is an Error. */
function reasonOf(signal: AbortSignal): Error {
  return signal.reason as Error
}

function resultOf(outcome: NativeOutcome, names: readonly RecordedName[] | undefined): SubmissionResult {
  const { startNs, endNs, steps, times, busy, clockNs } = outcome
  const result = { startNs, endNs, durationNs: endNs - startNs, steps }
  if (!names) return result
  const dispatches: DispatchTime[] = []
  for (let i = 0; 2 * i + 1 < times.length; i++) {
    const name = names[i % names.length]
    const step = Math.floor(i / names.length)
    const busyNs = i < busy.length ? { busyNs: busy[i] } : {}
    dispatches.push({ ...name, step, startNs: times[2 * i], endNs: times[2 * i + 1], ...busyNs })
  }
  return { ...result, dispatches, ...(busy.length > 0 && { clockNs }) }
}
