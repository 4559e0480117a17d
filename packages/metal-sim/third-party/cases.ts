import type { CompileOptions, Dispatch, barrier } from '../src/index.js'
import type { Random } from './support/random.js'

export type Project = 'ggml' | 'mlx' | 'gpt-oss'

/** Where the sources of a project were fetched to. */
export type Folders = Readonly<Partial<Record<Project, string>>>

/** A Metal source, and how the project's own build compiles it. */
export interface Source {
  readonly text: string
  readonly options: CompileOptions
}

/** What a kernel relies on. */
export type Feature = 'simd' | 'matrices' | 'barriers' | 'threadgroup memory' | 'atomics' | 'fp4'

/** What came out and what should have, element by element. */
export interface Comparison {
  readonly actual: () => ArrayLike<number>
  readonly expected: ArrayLike<number>
  /** Integers, or values that leave no room for rounding. */
  readonly exact?: true
}

export interface Experiment {
  /** One dispatch, or several as the host encodes them. */
  readonly steps: readonly (Dispatch | typeof barrier)[]
  readonly comparisons: readonly Comparison[]
}

/** What the simulator is right to say of a kernel: read and confirmed by us, and explained in docs/third-party.md. */
export interface Finding {
  /** Of the report. */
  readonly kind: string
  /** Of its source, where it was noticed. */
  readonly line: number
  readonly says: string
}

/** One kernel that others wrote, with arguments as the project's own host code passes them. */
export interface Case {
  readonly project: Project
  /** Host name. */
  readonly kernel: string
  /** Tells cases of one kernel apart. */
  readonly variant?: string
  readonly uses: readonly Feature[]
  readonly shape: string
  /** What is computed in float64 to compare with. */
  readonly oracle: string
  /** Largest normalized mean squared error. */
  readonly bound: number
  /** These and no others are reported. */
  readonly findings?: readonly Finding[]
  /** The simulator gives up what cannot go on: results are not compared. */
  readonly stops?: true
  readonly source: (folder: string) => Promise<Source>
  readonly make: (random: Random) => Experiment
}
