/** From a sweep to a policy that says where each of its rules comes from. */
import {
  type DevicePolicy,
  type Margin,
  type Measurement,
  type PolicyRule,
  type Precision,
  type TunedChoice,
  candidateName,
  hasKernels,
  precisions,
} from '@metal-fp4/dispatch'
import { type Field, geometricMean } from './sweep.js'

export interface Sweep {
  readonly name: string
  readonly device: string
  readonly threads: number
  readonly date: string
  readonly command: string
  readonly fallback: DevicePolicy
}

/** What was found for products in one precision. */
export interface Tuned {
  readonly precision: Precision
  readonly choices: readonly TunedChoice[]
  /** What they gain when measured anew, at each number of rows. */
  readonly confirmed: readonly Measurement[]
}

/** The same, and what was left alone. */
export interface Tuning extends Tuned {
  /** Numbers of rows at which nothing was there to measure, and why: they keep the fallback's rules, and what those rest on. */
  readonly unmeasured: readonly { readonly m: number; readonly field: Field }[]
}

/** The policy of the choices; products in precisions that were not measured keep the fallback's rules. */
export function tunedPolicy(sweep: Sweep, found: readonly Tuned[]): DevicePolicy {
  const { name, device, threads, date, command, fallback } = sweep
  const tuned = found.filter(({ choices }) => choices.length > 0)
  const rules = precisions
    .filter((precision) => hasKernels('fp4', precision, fallback.backend))
    .flatMap((precision) => {
      const one = tuned.find((measured) => measured.precision === precision)
      return one ? tunedRules(sweep, one) : rulesOf(fallback.fp4, precision)
    })
  const margin = marginOf(tuned.flatMap(({ confirmed }) => confirmed))
  return {
    name,
    backend: fallback.backend,
    device,
    provenance: { device, threads, date, command, fallback: fallback.name, margin },
    fp4: tuned.length === 0 ? fallback.fp4 : inOrder(rules),
    dense: fallback.dense,
    ...(fallback.split && { split: fallback.split }),
  }
}

function tunedRules(sweep: Sweep, { precision, choices, confirmed }: Tuned): PolicyRule[] {
  const own = rulesOf(sweep.fallback.fp4, precision)
  return segmentsOf(choices).flatMap(({ after, upTo, choice }) => {
    const usual = rulesBetween(own, after, upTo)
    if (choice === undefined) return usual
    // Whether K is split follows from the matrix, never from M: what splits it keeps its place before all others.
    const splits = usual.filter(({ kernel }) => kernel === 'gemv_fp4_partial')
    // Those that take all of these rows follow, for problems that the chosen kernel does not take.
    const others = usual.filter((rule) => rule.maxM === upTo && !splits.includes(rule))
    return [...splits, { ...ruleOf(sweep, { ...choice, maxM: upTo }, confirmed), precision }, ...others]
  })
}

/** The rules that products of a precision get, for it alone. */
function rulesOf(rules: readonly PolicyRule[], precision: Precision): PolicyRule[] {
  return rules
    .filter((rule) => rule.precision === undefined || rule.precision === precision)
    .map((rule) => ({ ...rule, precision }))
}

/** By rows, as a file wants them; rules of different precisions never fit the same product, so that none takes another's place. */
function inOrder(rules: readonly PolicyRule[]): PolicyRule[] {
  const end = ({ maxM }: PolicyRule): number => maxM ?? Number.MAX_SAFE_INTEGER
  return [...rules].sort((a, b) => end(a) - end(b))
}

/** Rows after `after` up to `upTo` (null: all that follow); without a choice the fallback decides. */
interface Segment {
  readonly after: number
  readonly upTo: number | null
  readonly choice?: TunedChoice
}

/** Rows that the GEMVs take. A border among them has to be measured on both sides; beyond them the next choice begins after the last. */
const fewRows = 8

/** Choices, and before, between and after them the rows that nobody measured. */
function segmentsOf(choices: readonly TunedChoice[]): Segment[] {
  const segments: Segment[] = []
  let after = 0
  for (const choice of choices) {
    const [first, last] = [choice.rows[0].m, choice.rows[choice.rows.length - 1].m]
    const gap = after === 0 ? first - 1 : Math.min(first - 1, fewRows)
    if (gap > after) {
      segments.push({ after, upTo: gap })
      after = gap
    }
    segments.push({ after, upTo: choice.maxM === null && last > fewRows ? null : last, choice })
    after = last
  }
  if (segments.at(-1)?.upTo !== null) segments.push({ after, upTo: null })
  return segments
}

/** The rules that decide for rows of a segment, none beyond its end. */
function rulesBetween(rules: readonly PolicyRule[], after: number, upTo: number | null): PolicyRule[] {
  return rules
    .filter(({ maxM }) => maxM === null || maxM > after)
    .map((rule) => ({ ...rule, maxM: upTo === null ? rule.maxM : Math.min(rule.maxM ?? upTo, upTo) }))
}

function ruleOf(
  { device, date, command }: Sweep,
  { maxM, candidate, rows }: TunedChoice,
  confirmed: readonly Measurement[],
): PolicyRule {
  const ms = rows.map(({ m }) => m)
  const range = ms.length === 1 ? `${ms[0]}` : `${ms[0]} to ${ms[ms.length - 1]}`
  const isFallback = rows.every((row) => row.isFallback)
  const margin = marginOf(confirmed.filter(({ m }) => ms.includes(m)))
  const found = isFallback
    ? `at M = ${range} nothing was surely faster than ${candidateName(candidate)}, the fallback's choice`
    : `at M = ${range} ${candidateName(candidate)} takes ${inWords(margin)} of the fallback's time`
  const source = { kind: 'swept', device, date, sweep: `${command}: ${found}`, ...(!isFallback && { margin }) } as const
  return { maxM, ...candidate, source }
}

/** The geometric mean over rows; of the ends of the intervals likewise. 1 when there is nothing to be better at. */
export function marginOf(measurements: readonly Measurement[]): Margin {
  const tuned = measurements.filter(({ isFallback }) => !isFallback)
  if (tuned.length === 0) return { ratio: 1, low: 1, high: 1 }
  const mean = (of: (one: Measurement) => number): number => Number(geometricMean(tuned.map(of)).toFixed(4))
  return { ratio: mean(({ ratio }) => ratio), low: mean(({ low }) => low), high: mean(({ high }) => high) }
}

/** "0.93 (0.90 to 0.96)" */
export function inWords({ ratio, low, high }: Margin): string {
  return `${ratio.toFixed(2)} (95 % interval ${low.toFixed(2)} to ${high.toFixed(2)})`
}
