/** Which precision products with FP4 weights get on a device, unless asked for. */
import type { Backend } from '@metal-fp4/metal-core'
import type { Precision } from '../problem.js'
import type { RuleSource } from './types.js'

export interface PrecisionRule {
  readonly precision: Precision
  readonly source: RuleSource
}

const exact: PrecisionRule = {
  precision: 'float32',
  source: { kind: 'constraint', why: 'the kernels of this device know float32 only' },
}

/** The fastest precision whose perplexity on the default model is within 0.1 % of float32. */
const rules: Readonly<Partial<Record<Backend, PrecisionRule>>> = {
  cpu: {
    precision: 'int8',
    source: {
      kind: 'swept',
      device: 'AMD EPYC (Zen 5), 2 cores',
      date: '2026-11-21',
      sweep:
        'fp4-decode perplexity tinystories.txt --last 400 --precision float32 (int8) on the default model: 6.9539 (6.9543, 0.006 % more) over 73649 tokens',
    },
  },
}

/** The rule of a backend. */
export function precisionRule(backend: Backend): PrecisionRule {
  return rules[backend] ?? exact
}

/** The precision that FP4 products get on a backend, unless asked for another, where it is legal; else they get float32. */
export function defaultPrecision(backend: Backend): Precision {
  return precisionRule(backend).precision
}
