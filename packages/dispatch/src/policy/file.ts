/** A policy as a file: what `bench tune` writes and others read. Files come from strangers: every field is looked at. */
import { type Fp4Format } from '@metal-fp4/fp4-quant'
import type { Backend } from '@metal-fp4/metal-core'
import { fail } from '../errors.js'
import { denseTypes, precisions } from '../problem.js'
import { checkRules } from './check-rules.js'
import type { MatmulKernelName } from '../selection.js'
import type { DevicePolicy, Margin, PolicyRule, Provenance, RuleSource, SplitRule } from './types.js'

/** Raised when a field changes its meaning. */
const version = 1

/** The text of a policy's file. */
export function policyJson(policy: DevicePolicy): string {
  return `${JSON.stringify({ version, ...policy }, null, 2)}\n`
}

/**
 * A policy from what `JSON.parse` gave. Fields that are not known are refused: a knob that is silently ignored would be a policy that is not kept.
 * @param from names the file in messages.
 * @throws DispatchError that names the field.
 */
export function parsePolicy(value: unknown, from = 'the policy'): DevicePolicy {
  const reader = new Reader(from)
  const root = reader.object(value, 'it', [
    'version',
    'name',
    'backend',
    'device',
    'provenance',
    'fp4',
    'dense',
    'split',
  ])
  if (root.version !== version) reader.refuse('version', `to be ${version}`, root.version)
  const { device, provenance, split } = root
  const backend = reader.oneOf(root.backend, 'backend', ['cpu', 'metal', 'cuda'] as const)
  return {
    name: reader.text(root.name, 'name'),
    backend,
    ...(device !== undefined && { device: reader.text(device, 'device') }),
    ...(provenance !== undefined && { provenance: readProvenance(reader, provenance) }),
    fp4: readRules(reader, root.fp4, 'fp4', backend),
    dense: readRules(reader, root.dense, 'dense', backend),
    ...(split !== undefined && { split: readSplit(reader, split) }),
  }
}

const known = {
  fp4: {
    kernels: ['gemv_fp4', 'gemv_fp4_partial', 'gemm_fp4'],
    formats: ['fp4', 'mxfp4', 'nvfp4'] satisfies readonly Fp4Format[],
    precisions,
  },
  dense: { kernels: ['gemv_dense', 'gemm_dense'], formats: denseTypes, precisions: ['float32'] },
} as const

type Weights = keyof typeof known

function readRules(reader: Reader, value: unknown, weights: Weights, backend: Backend): readonly PolicyRule[] {
  const rules = reader.list(value, weights).map((rule, i) => readRule(reader, rule, `${weights}[${i}]`, weights))
  checkRules(rules, known[weights].formats, backend, (at, expected, got) => reader.refuse(weights + at, expected, got))
  return rules
}

function readRule(reader: Reader, value: unknown, at: string, weights: Weights): PolicyRule {
  const rule = reader.object(value, at, ['maxM', 'kernel', 'tile', 'formats', 'precision', 'constants', 'source'])
  const { maxM, tile, formats, precision, constants } = rule
  return {
    maxM: maxM === null ? null : reader.count(maxM, `${at}.maxM`),
    kernel: reader.oneOf<MatmulKernelName>(rule.kernel, `${at}.kernel`, known[weights].kernels),
    ...(tile !== undefined && { tile: reader.oneOf(tile, `${at}.tile`, ['rows8', 'panel'] as const) }),
    ...(formats !== undefined && {
      formats: reader
        .list(formats, `${at}.formats`)
        .map((format, i) => reader.oneOf<string>(format, `${at}.formats[${i}]`, known[weights].formats)),
    }),
    ...(precision !== undefined && {
      precision: reader.oneOf(precision, `${at}.precision`, known[weights].precisions),
    }),
    ...(constants !== undefined && { constants: readConstants(reader, constants, `${at}.constants`) }),
    source: readSource(reader, rule.source, `${at}.source`),
  }
}

/** Of the constants only the one that changes no value: any other could make a policy compute something else. */
function readConstants(reader: Reader, value: unknown, at: string): NonNullable<PolicyRule['constants']> {
  const { rows } = reader.object(value, at, ['rows'])
  return { rows: reader.oneOf(rows, `${at}.rows`, ['one', 'two', 'four', 'eight'] as const) }
}

function readSource(reader: Reader, value: unknown, at: string): RuleSource {
  const source = reader.object(value, at, ['kind', 'why', 'device', 'date', 'sweep', 'margin'])
  const kind = reader.oneOf(source.kind, `${at}.kind`, ['default', 'constraint', 'swept'] as const)
  if (kind !== 'swept') return { kind, why: reader.text(source.why, `${at}.why`) }
  return {
    kind,
    device: reader.text(source.device, `${at}.device`),
    date: reader.day(source.date, `${at}.date`),
    sweep: reader.text(source.sweep, `${at}.sweep`),
    ...(source.margin !== undefined && { margin: readMargin(reader, source.margin, `${at}.margin`) }),
  }
}

function readMargin(reader: Reader, value: unknown, at: string): Margin {
  const { ratio, low, high } = reader.object(value, at, ['ratio', 'low', 'high'])
  return {
    ratio: reader.positive(ratio, `${at}.ratio`),
    low: reader.positive(low, `${at}.low`),
    high: reader.positive(high, `${at}.high`),
  }
}

function readProvenance(reader: Reader, value: unknown): Provenance {
  const at = 'provenance'
  const made = reader.object(value, at, ['device', 'threads', 'date', 'command', 'fallback', 'margin'])
  return {
    device: reader.text(made.device, `${at}.device`),
    threads: made.threads === 0 ? 0 : reader.count(made.threads, `${at}.threads`),
    date: reader.day(made.date, `${at}.date`),
    command: reader.text(made.command, `${at}.command`),
    fallback: reader.text(made.fallback, `${at}.fallback`),
    margin: readMargin(reader, made.margin, `${at}.margin`),
  }
}

function readSplit(reader: Reader, value: unknown): SplitRule {
  const at = 'split'
  const split = reader.object(value, at, ['threadgroups', 'columns', 'leastK', 'mostSplits', 'source'])
  return {
    threadgroups: reader.count(split.threadgroups, `${at}.threadgroups`),
    columns: reader.count(split.columns, `${at}.columns`),
    leastK: reader.count(split.leastK, `${at}.leastK`),
    mostSplits: reader.count(split.mostSplits, `${at}.mostSplits`),
    source: readSource(reader, split.source, `${at}.source`),
  }
}

type Fields = Readonly<Record<string, unknown>>

class Reader {
  readonly #from: string

  constructor(from: string) {
    this.#from = from
  }

  refuse(at: string, expected: string, got: unknown): never {
    const text = got === undefined ? 'none' : ((JSON.stringify(got) as string | undefined) ?? typeof got)
    return fail(
      'parsePolicy',
      `${at} of ${this.#from} ${expected}`,
      text.slice(0, 80),
      "Make the file anew: 'bench tune'.",
    )
  }

  object(value: unknown, at: string, known: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.refuse(at, 'to be an object', value)
    const strange = Object.keys(value).find((key) => !known.includes(key))
    if (strange !== undefined) this.refuse(at, `to have only ${known.join(', ')}`, strange)
    return value as Fields
  }

  list(value: unknown, at: string): readonly unknown[] {
    return Array.isArray(value) && value.length > 0
      ? (value as unknown[])
      : this.refuse(at, 'to be a list with an entry', value)
  }

  text(value: unknown, at: string): string {
    return typeof value === 'string' && value !== '' ? value : this.refuse(at, 'to be a text', value)
  }

  day(value: unknown, at: string): string {
    const text = this.text(value, at)
    return /^\d{4}-\d\d-\d\d$/.test(text) ? text : this.refuse(at, 'to be a day such as 2026-01-31', value)
  }

  count(value: unknown, at: string): number {
    return Number.isSafeInteger(value) && (value as number) > 0
      ? (value as number)
      : this.refuse(at, 'to be a positive integer', value)
  }

  positive(value: unknown, at: string): number {
    return typeof value === 'number' && Number.isFinite(value) && value > 0
      ? value
      : this.refuse(at, 'to be a positive number', value)
  }

  oneOf<T extends string>(value: unknown, at: string, known: readonly T[]): T {
    const found = known.find((one) => one === value)
    return found ?? this.refuse(at, `to be one of ${known.join(', ')}`, value)
  }
}
