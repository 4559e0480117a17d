/** A peer at the fastest of its settings: each is tried in a process of its own, and the one of the fastest stays. */
import { type ContestContext, type PeerProcess, type Timing, messageOf, openPeer } from '@metal-fp4/bench'
import { workerPath } from './worker-path.js'

/** A peer that is ready to run. */
export interface Rival<S> {
  readonly settings: S
  /** As of a process. One that crashed, or was ended for taking too long, is opened anew: what failed once fails alone. */
  ask<T>(op: string, request?: Readonly<Record<string, unknown>>): Promise<T>
  dispose(): void
}

export interface SettingsToTry<S> {
  /** The module of the process, in this folder. */
  readonly worker: string
  readonly candidates: readonly S[]
  /** Tried when none of those works. */
  readonly otherwise?: readonly S[]
  readonly describe: (settings: S) => string
  /** The request 'open' of a setting: which file, how many threads. */
  readonly open: (settings: S) => Promise<Readonly<Record<string, unknown>>>
  /** Looks at what 'open' answered. @throws when the peer is not set up as asked. */
  readonly opened?: (answer: unknown, settings: S) => void
  /** The work of the race itself: what is fastest for one row need not be for many. */
  readonly work: (process: Pick<PeerProcess, 'ask'>) => Promise<Timing>
  /** Milliseconds after which one piece of the work is given up; many times what it takes on a free machine. Default 30,000. */
  readonly workLimitMs?: number
}

/** Times of one setting, of which the least counts: whatever else runs can only add to it. */
const trials = 3

/** Milliseconds of trials after which a setting has been tried enough, once it has run twice: the first time is a warm-up, too. */
const enoughMs = 1500

/** Milliseconds, many times what they take on a free machine. */
const limits = { open: 120_000, work: 30_000, run: 180_000 }

/**
 * Every candidate that works, compared; the fastest is left open.
 * @throws the first candidate's error when none works, and the signal's reason when aborted.
 */
export async function fastestOf<S>(
  { peer, signal, onProgress }: Pick<ContestContext, 'peer' | 'signal' | 'onProgress'>,
  { worker, candidates, otherwise = [], describe, open, opened, work, workLimitMs = limits.work }: SettingsToTry<S>,
): Promise<Rival<S>> {
  const start = async (settings: S): Promise<PeerProcess> => {
    const process = openPeer(workerPath(worker), peer.name, signal)
    try {
      const answer = await process.ask('open', await open(settings), limits.open)
      opened?.(answer, settings)
      return process
    } catch (error) {
      process.dispose()
      throw error
    }
  }
  const timed = async (process: PeerProcess): Promise<number> => {
    const limited = { ask: <T>(op: string, request?: object) => process.ask<T>(op, { ...request }, workLimitMs) }
    let [ns, spentNs] = [Infinity, 0]
    for (let turn = 0; turn < trials && (turn < 2 || spentNs < enoughMs * 1e6); turn++) {
      const { durationNs, repeats = 1 } = await work(limited)
      ns = Math.min(ns, durationNs / repeats)
      spentNs += durationNs
    }
    return ns
  }
  let best: { process: PeerProcess; settings: S; ns: number } | undefined
  let failure: unknown
  const attempt = async (settings: S): Promise<void> => {
    onProgress(`${peer.name}: trying ${describe(settings)}`)
    let process: PeerProcess | undefined
    try {
      process = await start(settings)
      const ns = await timed(process)
      if (best !== undefined && best.ns <= ns) {
        process.dispose()
        return
      }
      best?.process.dispose()
      best = { process, settings, ns }
    } catch (error) {
      process?.dispose()
      if (signal.aborted) best?.process.dispose()
      signal.throwIfAborted()
      failure ??= error
      onProgress(`${peer.name}: ${describe(settings)} does not work: ${messageOf(error)}`)
    }
  }
  for (const settings of candidates) await attempt(settings)
  if (best === undefined) for (const settings of otherwise) await attempt(settings)
  if (best === undefined) throw failure
  return rivalOf(best, start)
}

function rivalOf<S>(
  { process, settings }: { process: PeerProcess; settings: S },
  start: (settings: S) => Promise<PeerProcess>,
): Rival<S> {
  let current = process
  return {
    settings,
    async ask<T>(op: string, request?: Readonly<Record<string, unknown>>): Promise<T> {
      if (current.ended) current = await start(settings)
      return current.ask<T>(op, request, limits.run)
    },
    dispose: () => current.dispose(),
  }
}
