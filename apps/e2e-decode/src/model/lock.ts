/** Lets one at a time in, in the order of asking. */
export class Lock {
  #held = false
  #closed = false
  readonly #waiting: (() => void)[] = []

  /** Waits for its turn; the function returned ends it (once: further calls do nothing). */
  async acquire(): Promise<() => void> {
    if (this.#held && !this.#closed) await new Promise<void>((resolve) => this.#waiting.push(resolve))
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
}
