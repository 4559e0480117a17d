/** Policy: data that says which legal candidate to take. No code, so that a tuner can write it. */
import type { Backend } from '@metal-fp4/metal-core'
import type { Precision } from '../problem.js'
import type { MatmulKernelName } from '../selection.js'

/** Where a threshold comes from. */
export type RuleSource =
  /** Nothing was measured yet: a default that follows from how the kernels are built. */
  | { readonly kind: 'default'; readonly why: string }
  /** The kernel takes no more rows than this. */
  | { readonly kind: 'constraint'; readonly why: string }
  | {
      readonly kind: 'swept'
      readonly device: string
      /** ISO 8601 day. */
      readonly date: string
      /** The command that measured it, and what it found. */
      readonly sweep: string
      /** What it gains over the fallback, measured anew after it was chosen; left out when it is the fallback's own choice. */
      readonly margin?: Margin
    }

/** Time over the fallback's time: 0.9 takes 10 % less. */
export interface Margin {
  readonly ratio: number
  /** 95 % interval of the ratio. */
  readonly low: number
  readonly high: number
}

/**
 * How K is split for M = 1..8: into as many ranges as give `threadgroups` threadgroups, each of `columns` columns, but of at least
 * `leastK` values of K each, and no more than `mostSplits`.
 */
export interface SplitRule {
  readonly threadgroups: number
  readonly columns: number
  readonly leastK: number
  readonly mostSplits: number
  readonly source: RuleSource
}

/** Up to `maxM` rows (null: any number) take this kernel, when it is legal. The first rule that fits decides. */
export interface PolicyRule {
  readonly maxM: number | null
  readonly kernel: MatmulKernelName
  readonly tile?: 'rows8' | 'panel'
  /** Only for these formats. */
  readonly formats?: readonly string[]
  /** Only for products in this precision: what is the faster tile of one need not be that of the other. */
  readonly precision?: Precision
  /** Of the kernels for few rows: compiled for more rows than there are. It changes their speed and none of their bits. */
  readonly constants?: { readonly rows: 'one' | 'two' | 'four' | 'eight' }
  readonly source: RuleSource
}

/** How a policy was made: `bench tune` writes it. */
export interface Provenance {
  readonly device: string
  /** Of a CPU device's pool: the policy is for no other number. 0 on a GPU. */
  readonly threads: number
  /** ISO 8601 day. */
  readonly date: string
  readonly command: string
  /** The policy that it was measured against. */
  readonly fallback: string
  /** Over all rows, shapes and formats of the sweep. */
  readonly margin: Margin
}

/** The rules of one kind of device. */
export interface DevicePolicy {
  readonly name: string
  readonly backend: Backend
  /** Only for the device of this name (`DeviceProfile.name`); without it, for every device of the backend. */
  readonly device?: string
  /** Left out for policies that were written by hand. */
  readonly provenance?: Provenance
  readonly fp4: readonly PolicyRule[]
  readonly dense: readonly PolicyRule[]
  /** Left out: K is never split, and rules for `gemv_fp4_partial` do not apply. */
  readonly split?: SplitRule
}
