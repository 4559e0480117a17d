/** Lets one at a time in, in the order of asking. */
export class Lock {
  #tail: Promise<void> = Promise.resolve()

  /** Waits for its turn; the function returned ends it (once: further calls do nothing). */
  async acquire(): Promise<() => void> {
    const before = this.#tail
    let free = (): void => undefined
    this.#tail = new Promise((resolve) => (free = resolve))
    await before
    return free
  }
}
