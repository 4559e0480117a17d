/** Ctrl-C: the first one ends the work cleanly, a second one kills. */

/** Exit code of a program that SIGINT ended. */
export const interrupted = 130

/**
 * One Ctrl-C may arrive twice: from the terminal, and again from the package manager that runs the program. What comes
 * within this time is the same one.
 */
const sameMs = 500

/** A signal that Ctrl-C aborts, until `end` is called. */
export function interruptSignal(): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController()
  let first = 0
  const onInterrupt = (): void => {
    if (!controller.signal.aborted) {
      first = performance.now()
      controller.abort(new Error('[fp4-decode] interrupted.'))
    } else if (performance.now() - first > sameMs) {
      end()
      process.kill(process.pid, 'SIGINT')
    }
  }
  const end = (): void => void process.removeListener('SIGINT', onInterrupt)
  process.on('SIGINT', onInterrupt)
  return { signal: controller.signal, end }
}
