/** From a sweep to a policy that says where each of its rules comes from. */
import {
  type DevicePolicy,
  type Margin,
  type Measurement,
  type PolicyRule,
  type TunedChoice,
  candidateName,
} from '@metal-fp4/dispatch'
import { geometricMean } from './sweep.js'

export interface Sweep {
  readonly name: string
  readonly device: string
  readonly threads: number
  readonly date: string
  readonly command: string
  readonly fallback: DevicePolicy
}

/** The policy of the choices; `confirmed` has what they gain when measured anew, at each number of rows. */
export function tunedPolicy(
  sweep: Sweep,
  choices: readonly TunedChoice[],
  confirmed: readonly Measurement[],
): DevicePolicy {
  const { name, device, threads, date, command, fallback } = sweep
  const rules = choices.map((choice) => ruleOf(sweep, choice, confirmed))
  return {
    name,
    backend: fallback.backend,
    device,
    provenance: { device, threads, date, command, fallback: fallback.name, margin: marginOf(confirmed) },
    // The fallback's own rules follow, for problems that the chosen kernels do not take.
    fp4: [...rules, ...fallback.fp4],
    dense: fallback.dense,
    ...(fallback.split && { split: fallback.split }),
  }
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
