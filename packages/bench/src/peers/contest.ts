/**
 * Ours and a peer's on the same work, in turns. A shared machine is faster in one minute than in the next, so the two are run one right
 * after the other, and what is reported is the quotient of each pair: what slows both leaves it alone.
 */
import type { Roof } from '../roof.js'
import { timeOf } from '../sampling.js'
import { medianOf } from '../statistics.js'
import { medianInterval } from '../compare/interval.js'
import { type BenchCase, type SuiteContext, type Timing, checkSuite } from '../suite.js'
import type { Peer } from './resolve.js'

/** What a suite of contests makes them with. */
export interface ContestContext extends SuiteContext {
  readonly peer: Peer
  /** A folder for files that take long to make; it may not exist yet. */
  readonly cacheFolder: string
  /** Says what takes long: a file being written, a model being loaded. */
  readonly onProgress: (text: string) => void
  /** Reports what could not be set up, a model that the peer does not load, say; the suite goes on with the others. @throws when aborted. */
  readonly onFailure: (name: string, error: unknown) => void
}

/** One piece of work that both do. */
export interface Contest extends Omit<BenchCase, 'run' | 'profile' | 'check' | 'verify'> {
  /** Ours. */
  readonly ours: () => Promise<Timing>
  readonly peer: () => Promise<Timing>
  /** How the peer was set up, for the row: 'flash attention on, mmap off'. */
  readonly peerSettings?: string
  /** Threads that the peer runs with, where it cannot run with as many as the device has: the race then has no speedup. */
  readonly peerThreads?: number
  /** Bytes that the peer has to move, when its format has others. */
  readonly peerBytes?: number
}

/** A named family of contests against one package. */
export interface ContestSuite {
  readonly name: string
  readonly summary: string
  /** The package that it knows how to run. */
  readonly peer: string
  contests(context: ContestContext): AsyncIterable<Contest> | Iterable<Contest>
}

/** Checks and freezes a suite of contests. @throws BenchError for a bad name or missing parts. */
export function defineContestSuite(suite: ContestSuite): ContestSuite {
  checkSuite('defineContestSuite', suite, 'contests')
  return Object.freeze({ ...suite })
}

export function isContest(suite: object): suite is ContestSuite {
  return 'contests' in suite
}

export interface ContestResult {
  readonly oursNs: readonly number[]
  readonly peerNs: readonly number[]
  /** The peer's time over ours, pair by pair: above 1 where we are faster. */
  readonly ratios: readonly number[]
  /** Median of the ratios, and the interval that holds it with 95 % confidence. */
  readonly speedup: number
  readonly speedupLow: number
  readonly speedupHigh: number
  readonly roofs: readonly number[]
}

export interface ContestOptions {
  /** Exactly this many pairs. */
  readonly samples?: number
  /** Wall-clock milliseconds for all pairs, when `samples` is not given. Default 8000. */
  readonly timeMs?: number
  readonly signal?: AbortSignal
  readonly now?: () => number
}

/** Fewer have no 95 % interval of their median. */
const fewestPairs = 6
const mostPairs = 60

/** Runs both once to warm up, then pairs, each beginning with the other one: a b, b a, a b, … */
export async function runContest(
  { ours, peer }: Pick<Contest, 'ours' | 'peer'>,
  roof: Pick<Roof, 'measure'>,
  options: ContestOptions = {},
): Promise<ContestResult> {
  const { samples, timeMs = 8000, signal, now = () => performance.now() } = options
  const timed = async (name: string, run: () => Promise<Timing>): Promise<number> => {
    signal?.throwIfAborted()
    return timeOf(name, await run())
  }
  const timeOurs = (): Promise<number> => timed('our side', ours)
  const timePeer = (): Promise<number> => timed('the peer', peer)
  await timeOurs()
  await timePeer()
  const oursNs: number[] = []
  const peerNs: number[] = []
  const roofs: number[] = []
  const start = now()
  const enough = (): boolean => {
    if (samples !== undefined) return oursNs.length >= samples
    return oursNs.length >= mostPairs || (oursNs.length >= fewestPairs && now() - start >= timeMs)
  }
  while (!enough()) {
    roofs.push(await roof.measure())
    const oursFirst = oursNs.length % 2 === 0
    if (oursFirst) oursNs.push(await timeOurs())
    peerNs.push(await timePeer())
    if (!oursFirst) oursNs.push(await timeOurs())
  }
  roofs.push(await roof.measure())
  const ratios = oursNs.map((ns, i) => peerNs[i] / ns)
  const { low, high } = medianInterval(ratios)
  return { oursNs, peerNs, ratios, speedup: medianOf(ratios), speedupLow: low, speedupHigh: high, roofs }
}
