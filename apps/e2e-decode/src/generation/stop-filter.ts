/** Looks for stop strings in a text that comes in pieces, and keeps back what may turn out to be the beginning of one. */
export class StopFilter {
  readonly #stops: readonly string[]
  #held = ''

  constructor(stops: readonly string[]) {
    this.#stops = stops
  }

  /** What can be given out, and whether a stop string was found: then the text before it is all there is. */
  push(text: string): { readonly text: string; readonly stopped: boolean } {
    const all = this.#held + text
    const found = this.#stops.map((stop) => all.indexOf(stop)).filter((at) => at >= 0)
    if (found.length > 0) {
      this.#held = ''
      return { text: all.slice(0, Math.min(...found)), stopped: true }
    }
    const kept = this.#stops.reduce((most, stop) => Math.max(most, overlap(all, stop)), 0)
    this.#held = all.slice(all.length - kept)
    return { text: all.slice(0, all.length - kept), stopped: false }
  }

  /** What was kept back, once no more text comes. */
  end(): string {
    const held = this.#held
    this.#held = ''
    return held
  }
}

/** Length of the longest end of `text` that `stop` begins with. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}
