/** The one sequence that a model's cache holds: tokens go in, in chunks or step by step, and can be taken back. */
import type { Submission } from '@metal-fp4/metal-core'
import { failOption } from '../errors.js'
import type { KvPool } from './kv-pool.js'
import { type Passes, chunkRows, ringSize } from './passes.js'
import { isPenalized } from './penalties.js'
import { type SamplingSettings, encodeSettings } from './sampler-settings.js'

/** Submissions on the device's queue at once: the next one waits there while the host reads the last one's tokens. */
const depth = 2
/** A submission is sized to take about this long: short for a stream that flows, long against the cost of one. */
const submissionNs = 20e6
/** The ring holds the tokens of all that are in flight twice over. */
const mostSteps = ringSize / depth / 2

export interface StepRequest {
  readonly settings: SamplingSettings
  /** Tokens to make at most. */
  readonly limit: number
  readonly endTokens: readonly number[]
  /** Whether the logits of each token are wanted: the host then waits for every step. */
  readonly logits?: boolean
  readonly signal?: AbortSignal | undefined
}

/** Tokens of one submission, and, where they were asked for, the logits that its only token was chosen from. */
export interface StepsMade {
  readonly tokens: readonly number[]
  readonly logits?: Float32Array
}

export class Sequence {
  readonly #passes: Passes
  readonly #pool: KvPool
  readonly #vocabSize: number
  #closed = false
  #warm = false
  /** Of a submission: as many as the last one's time asks for, of this text or the one before. */
  #steps = 1
  /** What the cache holds: the token of each position. */
  #tokens: number[] = []

  constructor(passes: Passes, pool: KvPool, vocabSize: number) {
    this.#passes = passes
    this.#pool = pool
    this.#vocabSize = vocabSize
  }

  /** Ends it: work that is under way fails with an OptionError, when it next looks, and so does all that follows. */
  close(): void {
    this.#closed = true
  }

  /** @throws OptionError when the model was disposed. */
  checkOpen(): void {
    if (this.#closed) failOption('model', 'a live model', 'a disposed one', 'Load it again with loadModel().')
  }

  /** Positions that the cache holds. */
  get length(): number {
    return this.#tokens.length
  }

  /** Keeps what the cache shares with `tokens`, up to `most` positions, and forgets the rest. @returns how many it kept. */
  keepPrefix(tokens: readonly number[], most: number): number {
    let same = 0
    while (same < most && same < this.#tokens.length && this.#tokens[same] === tokens[same]) same++
    this.truncate(same)
    return same
  }

  /** Forgets everything from a position on. */
  truncate(length: number): void {
    this.#tokens.length = Math.min(length, this.#tokens.length)
    this.#pool.release(this.#tokens.length)
  }

  /** Appends tokens to the cache, `rows` at a time. */
  async append(tokens: readonly number[], signal?: AbortSignal, rows: number = chunkRows): Promise<void> {
    for (let at = 0; at < tokens.length; at += rows) await this.#pass(tokens.slice(at, at + rows), false, signal)
  }

  /** Appends one chunk of up to `chunkRows` tokens and gives a copy of its logits, `[tokens.length, vocabSize]`. */
  async appendWithLogits(tokens: readonly number[], signal?: AbortSignal): Promise<Float32Array> {
    await this.#pass(tokens, true, signal)
    const count = tokens.length * this.#vocabSize
    const bytes = await this.#passes.rows.logits().read(0, count * 4)
    this.checkOpen()
    return new Float32Array(bytes.buffer, bytes.byteOffset, count)
  }

  /**
   * Does beforehand what only a first prompt would wait for: graphs are recorded for `count` more tokens and a step, and a step over a
   * token that nobody sees brings the weights into memory. What the cache holds stays.
   */
  async warmUp(token: number, count: number, request: StepRequest): Promise<void> {
    this.checkOpen()
    const penalized = isPenalized(request.settings)
    const end = this.length + count
    if (!this.#warm && this.length === 0) {
      await this.#prepare(token, 0, { ...request, limit: 1 })
      try {
        await (
          await this.#submit(1, 1, penalized, request.signal)
        ).completed
        this.#warm = true
      } finally {
        this.checkOpen()
        this.#pool.release(0)
      }
    }
    for (let at = this.length; at < end; at += chunkRows) {
      const rows = Math.min(chunkRows, end - at)
      this.#passes.passFor(rows, at + rows, false)
    }
    this.#passes.stepFor(end + 1, penalized)
  }

  /**
   * Makes tokens, the first from `token`, which is appended. Yields them as submissions complete. What was made but not
   * yielded, or not kept by the caller (`truncate`), leaves no trace.
   */
  async *steps(token: number, request: StepRequest): AsyncGenerator<StepsMade> {
    const { limit, signal, endTokens, logits = false } = request
    const penalized = isPenalized(request.settings)
    const start = this.length
    const inFlight: { readonly submission: Submission; readonly steps: number }[] = []
    let submitted = 0
    let produced = 0
    let last = token
    let ended = false
    try {
      this.checkOpen()
      await this.#prepare(token, start, request)
      const ring = this.#passes.step.ring.asUint32Array()
      while (!ended && produced < limit) {
        while (inFlight.length < depth && submitted < limit) {
          // The first token is waited for alone: its time is the prompt's. So is one whose logits the host reads.
          const alone = produced === 0 || logits
          const count = Math.min(alone ? 1 : this.#steps, limit - submitted)
          const submission = await this.#submit(start + submitted + count, count, penalized, signal)
          inFlight.push({ submission, steps: count })
          submitted += count
          if (alone) break
        }
        const first = inFlight.shift()!
        const result = await first.submission.completed
        this.checkOpen()
        const made = Array.from({ length: result.steps }, (_, i) => ring[(produced + i) % ringSize])
        produced += made.length
        if (made.length > 0 && !logits) this.#steps = nextSteps(this.#steps, result.durationNs / made.length)
        ended = made.length < first.steps || endTokens.includes(made[made.length - 1])
        // The cache holds what was read: all but the newest token.
        this.#tokens.push(...[last, ...made].slice(0, made.length))
        last = made[made.length - 1] ?? last
        yield { tokens: made, ...(logits && made.length > 0 ? { logits: await this.#readLogits() } : {}) }
      }
    } catch (error) {
      // What a disposed model leaves behind fails in ways of its own.
      this.checkOpen()
      throw error
    } finally {
      await Promise.allSettled(inFlight.map(({ submission }) => submission.completed))
      this.#pool.release(this.#tokens.length)
    }
  }

  /** The logits of the last step. */
  async #readLogits(): Promise<Float32Array> {
    const bytes = await this.#passes.row.logits().read(0, this.#vocabSize * 4)
    this.checkOpen()
    return new Float32Array(bytes.buffer, bytes.byteOffset, this.#vocabSize)
  }

  async #submit(
    positions: number,
    steps: number,
    penalized: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Submission> {
    this.checkOpen()
    await this.#pool.reserve(positions)
    const done = this.#passes.step.state.view(0, 4)
    return this.#passes.stepFor(positions, penalized).submit({ steps, done, ...(signal ? { signal } : {}) })
  }

  async #prepare(token: number, position: number, { settings, limit, endTokens }: StepRequest): Promise<void> {
    const { row, step } = this.#passes
    const ends = new Uint32Array(step.endTokens.byteLength / 4).fill(0xffffffff)
    ends.set(endTokens.slice(0, ends.length))
    // One after the other: each takes a place among the submissions that the device allows in flight.
    await row.tokens.write(Uint32Array.of(token))
    await row.positions.write(Uint32Array.of(position))
    await step.state.write(Uint32Array.of(0, 0, limit))
    await step.settings.write(encodeSettings(settings))
    await step.endTokens.write(ends)
    if (isPenalized(settings)) await this.#passes.penalties.begin(this.#tokens, settings)
  }

  async #pass(tokens: readonly number[], logits: boolean, signal: AbortSignal | undefined): Promise<void> {
    this.checkOpen()
    signal?.throwIfAborted()
    const { rows } = this.#passes
    const end = this.length + tokens.length
    try {
      await this.#pool.reserve(end)
      await rows.tokens.write(Uint32Array.from(tokens))
      await rows.positions.write(Uint32Array.from(tokens, (_, i) => this.length + i))
      await this.#passes.passFor(tokens.length, end, logits).submit(signal ? { signal } : {}).completed
    } finally {
      this.checkOpen()
    }
    this.#tokens.push(...tokens)
  }
}

/** How many steps the next submission takes: at most twice as many as the last one, so that one slow step does no harm. */
function nextSteps(steps: number, stepNs: number): number {
  return Math.max(1, Math.min(Math.round(submissionNs / stepNs), 2 * steps, mostSteps))
}
