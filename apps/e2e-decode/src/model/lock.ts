/** Lets one at a time in, in the order of asking. */
export class Lock {
  #held = false
  #closed = false
  readonly #waiting: (() => void)[] = []

  /** Waits for its turn; the function returned ends it (once: further calls do nothing). @throws the signal's reason */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#held && !this.#closed) await this.#turn(signal)
    this.#held = true
    let ended = false
    return () => {
      if (ended) return
      ended = true
      const next = this.#waiting.shift()
      if (next === undefined) this.#held = false
      else next()
    }
  }

  /** Lets everybody in, now and from now on: what the lock guarded is gone, and whoever comes has to see to it. */
  close(): void {
    this.#closed = true
    for (const enter of this.#waiting.splice(0)) enter()
  }

  #turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', leave, { once: true })
      this.#waiting.push(enter)
    })
  }
}
