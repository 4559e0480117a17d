/** What a benchmark suite is: a name and a stream of cases, each of which can run once and say how long it took. */
import type { Device } from '@metal-fp4/metal-core'
import { fail } from './errors.js'

/** N x K of a weight matrix: N outputs, K inputs. */
export interface Shape {
  readonly n: number
  readonly k: number
}

/** What the user asked for; a suite uses its own defaults for what is left out. */
export interface Filter {
  readonly shapes?: readonly Shape[]
  /** Rows of activations. */
  readonly m?: readonly number[]
  /** Weight formats or types: 'fp4', 'mxfp4', 'nvfp4', 'f16', 'bf16', 'f32'. */
  readonly formats?: readonly string[]
  /** Models to run, by the names of their geometries. */
  readonly geometries?: readonly GeometryRequest[]
  /** Tokens in the vocabulary of those. */
  readonly vocabSize?: number
  /** Modes of arithmetic: 'float32', 'int8'. */
  readonly precisions?: readonly string[]
}

/** A model without its weights: "llama-3-8b", or "llama-3-8b:8" for its first 8 layers. */
export interface GeometryRequest {
  readonly name: string
  readonly layers?: number
}

/** What a suite makes its cases with. */
export interface SuiteContext {
  readonly device: Device
  /** Threads of the device's pool; 0 on a GPU. */
  readonly threads: number
  readonly filter: Filter
  readonly signal: AbortSignal
  /** Bytes between two uses of the same weights; for tests, which time nothing. Default `coldBytes`. */
  readonly minColdBytes?: number
}

/** How long a run took on the device. */
export interface Timing {
  /** Nanoseconds of device time for everything that was run (`SubmissionResult.durationNs`). */
  readonly durationNs: number
  /** How many times the case's work was done in it. Default 1. */
  readonly repeats?: number
}

/** The part of a step that one kernel has. */
export interface Part {
  readonly kernel: string
  /** Dispatches of it in a step. */
  readonly calls: number
  /** Nanoseconds of a step that they take together. */
  readonly durationNs: number
}

/** Where the time of a step goes. */
export interface Profile {
  readonly parts: readonly Part[]
  /** Nanoseconds of a step that no kernel has: a step that is not profiled, less its kernels. Left out where that cannot be known. */
  readonly outsideKernelsNs?: number
}

/** Other work, to compare with. */
export interface Against {
  /** 'M = 1'. */
  readonly what: string
  run(): Promise<Timing>
}

/** One row of the report: a kernel, or a graph of several, at one size. */
export interface BenchCase {
  /** The kernel's name in the manifest, or that of the graph ('moe_layer', 'decode'). */
  readonly kernel: string
  /** Which variant of it: a tile, a model. */
  readonly variant?: string
  /** Weight format or type. */
  readonly format: string
  /** What the arithmetic is done in: 'float32' or the name of a faster mode. */
  readonly precision: string
  readonly m: number
  readonly n: number
  readonly k: number
  /** Bytes that the work has to move at least: each weight once, activations in, results out. */
  readonly bytes: number
  /** The bytes are few enough to stay in a cache from run to run: they say nothing of the memory, so rows have no share of its roof. */
  readonly cached?: boolean
  /** Useful floating-point operations; a multiply-add is two. */
  readonly operations?: number
  /** Tokens that the work makes: rows then have tokensPerSecond. */
  readonly tokens?: number
  /** Weights that the work packs: rows then have weightsPerSecond. */
  readonly weights?: number
  /** More columns, for json and csv: model, layers, context, … */
  readonly extra?: Readonly<Record<string, string | number>>
  /** Does the work; called many times, never twice at once. */
  run(): Promise<Timing>
  /** What the case is compared with, such as one row of the same matrix: run after each sample, so that rows have `times`. */
  readonly against?: Against
  /** Called once, after the first run: throws when the output is not what it should be (not finite, say). */
  verify?(): Promise<void> | void
  /**
   * Compares what one run gives with an oracle, value by value, and throws when it is not the same within the kernel's bound. Tests
   * call it over small shapes, `--check` before the case is timed. Leave it out where there is no oracle.
   */
  check?(): Promise<void>
  /** Times the parts of one run, after the samples; slower than `run`, since nothing overlaps. */
  profile?(): Promise<Profile>
}

/** A named family of cases. */
export interface Suite {
  readonly name: string
  /** One line for `--list`. */
  readonly summary: string
  /** Left out of a run that names no suite. */
  readonly onlyByName?: boolean
  /**
   * Yields cases one at a time. A case runs before the next one is asked for, so that what it holds can be disposed
   * when the generator goes on (`using` inside the loop does it).
   */
  cases(context: SuiteContext): AsyncIterable<BenchCase> | Iterable<BenchCase>
}

/** What one run of a counted case did. */
export interface Counts {
  /** Multiply-adds of which neither factor is padding. */
  readonly usefulMultiplyAdds: number
  /** All of them. */
  readonly executedMultiplyAdds: number
  /** Bytes of memory read, over all accesses. */
  readonly bytesRead: number
  /** The same with each byte counted once. */
  readonly uniqueBytesRead?: number
}

/** One row of counts: how much of the work of a kernel is useful, whatever time it takes. */
export interface CountingCase {
  readonly kernel: string
  readonly variant?: string
  readonly format: string
  readonly m: number
  readonly n: number
  readonly k: number
  /** More columns, for json and csv. */
  readonly extra?: Readonly<Record<string, string | number>>
  /** Does the work once and counts. */
  count(): Promise<Counts>
}

/** What a suite that counts makes its cases with: it brings a machine of its own, on which nothing is timed. */
export type CountingContext = Pick<SuiteContext, 'filter' | 'signal'>

/** A named family of counted cases. Run only when it is asked for by name. */
export interface CountingSuite {
  readonly name: string
  readonly summary: string
  counts(context: CountingContext): AsyncIterable<CountingCase> | Iterable<CountingCase>
}

/** Checks and freezes a suite. @throws BenchError for a bad name or missing parts. */
export function defineSuite(suite: Suite): Suite {
  checkSuite('defineSuite', suite, 'cases')
  return Object.freeze({ ...suite })
}

/** The same for a suite that counts. */
export function defineCountingSuite(suite: CountingSuite): CountingSuite {
  checkSuite('defineCountingSuite', suite, 'counts')
  return Object.freeze({ ...suite })
}

export function checkSuite(op: string, suite: unknown, cases: 'cases' | 'counts' | 'contests'): void {
  const parts = (suite ?? {}) as Readonly<Record<string, unknown>>
  const { name } = parts
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]*$/.test(name)) {
    const got = typeof name === 'string' ? JSON.stringify(name) : 'none'
    fail(op, 'a name of lower-case letters, digits and dashes', got, "Name it as it is asked for: 'gemv'.")
  }
  const given = typeof parts[cases]
  if (given !== 'function') {
    fail(op, `suite '${name}' to have ${cases}(context)`, given, 'Yield one case for each row.')
  }
}

/** True for what the `define…Suite` functions give, wherever that copy of the package was loaded. */
export function isSuite(value: unknown): value is Suite {
  if (typeof value !== 'object' || value === null) return false
  const { name, ...parts } = value as Readonly<Record<string, unknown>>
  return typeof name === 'string' && ['cases', 'counts', 'contests'].some((part) => typeof parts[part] === 'function')
}

export function isCounting(suite: object): suite is CountingSuite {
  return 'counts' in suite
}
