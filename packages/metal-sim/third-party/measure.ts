import { type Report, compile, createSimulator, formatReport } from '../src/index.js'
import type { Case, Comparison, Finding } from './cases.js'
import { nmse } from './support/oracles.js'
import { Random } from './support/random.js'

/** A case under the simulator: its numbers and what was found. */
export interface Outcome extends Pick<Case, 'project' | 'kernel' | 'uses' | 'shape' | 'oracle' | 'bound'> {
  readonly variant: string
  /** The largest over the seeds; NaN if a result was not written. */
  readonly error: number
  readonly seeds: readonly number[]
  /** What is known of the kernel. */
  readonly findings: readonly Finding[]
  /** What the simulator said besides, each different report once. */
  readonly reports: readonly Report[]
  readonly failure: string | null
  readonly seconds: number
  readonly ok: boolean
}

// Of the inputs and of the order of threads.
const seeds = [1, 2, 3] as const

// Some sources name it with its namespace, and some leave that to its argument.
const withoutBarriers = `#include <metal_stdlib>
namespace metal { inline void no_barrier(mem_flags) {} }
using metal::no_barrier;
#define threadgroup_barrier(...) no_barrier(metal::mem_flags(0))
#line 1
`

/** Compiles a case in the checked mode and runs it with each seed; with its barriers taken out, if asked for. */
export const measure = async (one: Case, folder: string, barriers = true): Promise<Outcome> => {
  const { project, kernel, uses, shape, oracle, bound, findings = [] } = one
  const missing = new Set(findings)
  const start = performance.now()
  const reports = new Map<string, Report>()
  let error = 0
  let failure: string | null = null
  try {
    const { text, options } = await one.source(folder)
    const program = await compile(barriers ? text : withoutBarriers + text, { ...options, mode: 'checked' })
    await using simulator = await createSimulator()
    await simulator.load(program)
    for (const seed of seeds) {
      const { steps, comparisons } = one.make(new Random(seed))
      const result = await simulator.runGraph(steps, { seed })
      for (const report of result.reports) {
        const known = findings.filter(({ kind, line }) => kind === report.kind && line === report.places[0]?.line)
        known.forEach((finding) => missing.delete(finding))
        if (known.length > 0) continue
        const key = formatReport({ ...report, times: 1, places: report.places.slice(0, 2).map(placeAlone) })
        if (!reports.has(key)) reports.set(key, report)
      }
      if (!one.stops) error = Math.max(error, ...comparisons.map(errorOf))
    }
    if (missing.size > 0) failure = `not found: ${[...missing].map(({ says }) => says).join('; ')}`
  } catch (problem) {
    error = Number.NaN
    failure = problem instanceof Error ? problem.message : String(problem)
  }
  if (one.stops) error = Number.NaN
  return {
    ...{ project, kernel, uses, shape, oracle, bound, error, seeds, findings, failure },
    variant: one.variant ?? '',
    reports: [...reports.values()],
    seconds: (performance.now() - start) / 1000,
    ok: failure === null && reports.size === 0 && (one.stops === true || error <= bound),
  }
}

const placeAlone = (place: Report['places'][number]): Report['places'][number] => ({
  ...place,
  threadInThreadgroup: [0, 0, 0],
  threadgroup: [0, 0, 0],
})

const errorOf = ({ actual, expected, exact }: Comparison): number => {
  const got = actual()
  if (!exact) return nmse(got, expected)
  for (let i = 0; i < expected.length; i++) if (got[i] !== expected[i]) return Infinity
  return 0
}
