/** Which precision products with FP4 weights get on a device, unless asked for. */
import type { Backend } from '@metal-fp4/metal-core'
import type { Precision } from '../problem.js'
import type { DeviceIdentity } from '../profile.js'
import type { RuleSource } from './types.js'

export interface PrecisionRule {
  readonly precision: Precision
  readonly source: RuleSource
}

const exact: PrecisionRule = {
  precision: 'float32',
  source: { kind: 'constraint', why: 'the kernels of this device know float32 only' },
}

/** The same on every instruction set, as the bits are. */
const perplexity =
  'fp4-decode perplexity tinystories.txt --last 400 --precision float32 (int8) on the default model, 2026-11-22: 7.0603 (7.0604, 0.002 % more) over 73649 tokens'

/** Time in int8 over time in float32, at M = 1 and at M = 8; in each run one came right after the other, as the machine had other work. */
const measured: ReadonlyMap<string, readonly [one: number, eight: number]> = new Map([
  ['plain', [0.74, 0.59]],
  ['avx2', [0.43, 0.5]],
  ['avx512', [0.83, 0.66]],
  ['avx512vnni', [0.86, 0.42]],
])

/** Counted, as no such processor was there to measure on: instructions of the inner loop at M = 1 over those of float32. */
const counted: ReadonlyMap<string, number> = new Map([
  ['neon', 0.39],
  ['neondot', 0.24],
])

/** The fastest precision whose perplexity on the default model is within 0.1 % of float32. */
function cpuRule(isa: string): PrecisionRule {
  const times = measured.get(isa)
  if (times !== undefined) {
    const sweep = `pnpm -s bench isa --threads 1 (fp4, 4096x4096), medians of 8 runs: with ${isa} int8 takes ${times[0]} of the time of float32 at M = 1, ${times[1]} at M = 8; ${perplexity}`
    return {
      precision: 'int8',
      source: { kind: 'swept', device: 'AMD EPYC (Zen 5), 2 cores', date: '2026-11-21', sweep },
    }
  }
  const share = counted.get(isa)
  const why =
    share === undefined
      ? 'bytes are multiplied four for each float32, and int8 was faster on every instruction set that was measured'
      : `the inner loop of int8 has ${share} of the instructions of float32 with ${isa} (g++ 12, M = 1), since bytes are multiplied four for each float32`
  return { precision: 'int8', source: { kind: 'default', why: `default, not swept: ${why}; ${perplexity}` } }
}

/** The rule of a device. The name of a CPU ends with its instruction set (`profileOf`). */
export function precisionRule({ backend, name }: Pick<DeviceIdentity, 'backend' | 'name'>): PrecisionRule {
  return backend === 'cpu' ? cpuRule(/\w+$/.exec(name)?.[0] ?? '') : exact
}

/**
 * The precision that FP4 products get on a backend, unless asked for another, where it is legal; else they get float32. It is the same on
 * all instruction sets of a CPU: a model gives the same tokens on all of them.
 */
export function defaultPrecision(backend: Backend): Precision {
  return precisionRule({ backend, name: '' }).precision
}
