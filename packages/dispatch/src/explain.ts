/** Why a problem gets the kernel it gets, and what it costs at best. Pure: needs no device. */
import { precisionRule } from './policy/precision.js'
import { type RuleSource, policyFor } from './policy/index.js'
import { type MatmulProblem, type ResolvedProblem, resolveProblem } from './problem.js'
import type { DeviceProfile } from './profile.js'
import { type Choice, type SelectOptions, selectKernel } from './select-kernel.js'
import { legalCandidates } from './selection.js'

/** How a tile of fixed height would be used by m rows. */
export interface TileUse {
  readonly rows: number
  readonly columns: number
  /** Rows of all tiles together: m rounded up to the tile. */
  readonly computedRows: number
  readonly usedRows: number
  /** usedRows / computedRows. */
  readonly fraction: number
}

export interface Explanation {
  readonly problem: ResolvedProblem
  readonly device: DeviceProfile
  readonly choice: Choice
  /** Which of the four regimes M is in. */
  readonly regime: 'M = 1' | 'M = 2..8' | 'M = 9..64' | 'M > 64'
  /** Why this kernel: the threshold and where it comes from. */
  readonly reason: string
  /** Why this precision. */
  readonly precisionReason: string
  /** Where the number of splits of K comes from; null when there are none, or they were asked for. */
  readonly splitSource: RuleSource | null
  /** What a 64x64 tile would make of the same rows. */
  readonly tile: TileUse
  /** The other legal kernels, best known by name. */
  readonly alternatives: readonly string[]
  /** Bytes that the kernel moves at least: weights, scales, activations and results. */
  readonly bytes: number
  /** Useful floating-point operations. */
  readonly operations: number
  /** bytes / bandwidth: no kernel that reads its weights from memory is faster. */
  readonly rooflineMicroseconds: number
  /** The explanation for people, several lines. */
  readonly text: string
  /** `text`. */
  readonly toString: () => string
}

/** @throws DispatchError as selectKernel does. */
export function explain(problem: MatmulProblem, profile: DeviceProfile, options: SelectOptions = {}): Explanation {
  resolveProblem(problem, 'explain')
  const choice = selectKernel(problem, profile, options)
  const resolved = resolveProblem({ ...problem, precision: choice.precision }, 'explain')
  const asked = problem.precision !== undefined
  const facts = {
    problem: resolved,
    device: profile,
    choice,
    regime: regimeOf(resolved.m),
    reason: reasonOf(choice, resolved.m),
    precisionReason: asked ? 'asked for' : precisionText(choice, profile),
    splitSource: choice.combine && choice.rule ? (policyFor(profile).split?.source ?? null) : null,
    tile: tileUse(resolved.m, 64, 64),
    alternatives: legalCandidates(resolved, profile.backend, choice.combine?.problem.splits)
      .filter(({ kernel, tile }) => kernel !== choice.kernel || tile !== choice.tile)
      .map(nameOf),
    bytes: choice.bytes,
    operations: choice.operations,
    rooflineMicroseconds: choice.bytes / profile.gigabytesPerSecond / 1e3,
  }
  const text = describe(facts)
  return { ...facts, text, toString: () => text }
}

function regimeOf(m: number): Explanation['regime'] {
  return m === 1 ? 'M = 1' : m <= 8 ? 'M = 2..8' : m <= 64 ? 'M = 9..64' : 'M > 64'
}

function tileUse(m: number, rows: number, columns: number): TileUse {
  const computedRows = Math.ceil(m / rows) * rows
  return { rows, columns, computedRows, usedRows: m, fraction: m / computedRows }
}

function reasonOf({ rule, policy }: Choice, m: number): string {
  if (rule === null) return 'asked for by name'
  const border =
    rule.maxM === null
      ? `M = ${m} is beyond every other rule`
      : rule.maxM === 1
        ? 'M = 1'
        : `M = ${m} is at most ${rule.maxM}`
  const only = rule.precision === undefined ? '' : ` in ${rule.precision}`
  return `${border}${only} (policy '${policy}': ${sourceText(rule.source)})`
}

function precisionText({ precision, baseline, kernel }: Choice, profile: DeviceProfile): string {
  const rule = precisionRule(profile)
  if (kernel === 'gemv_dense' || kernel === 'gemm_dense') return 'the weights are not quantized'
  if (precision === rule.precision) return sourceText(rule.source)
  return baseline ? 'the only one of this kernel' : `${rule.precision} is not legal here`
}

function sourceText(source: RuleSource): string {
  return source.kind === 'swept' ? `swept on ${source.device}, ${source.date}: ${source.sweep}` : source.why
}

function nameOf({ kernel, tile }: { kernel: string; tile?: string | undefined }): string {
  return tile === undefined ? kernel : `${kernel} (tile ${tile})`
}

function describe(facts: Omit<Explanation, 'text' | 'toString'>): string {
  const { problem, device, choice, tile, bytes, operations } = facts
  const { m, n, k, format, groupSize, epilogue } = problem
  const group = groupSize > 0 ? `, groups of ${groupSize}` : ''
  const lines = [
    `M = ${m}, N = ${n}, K = ${k}, ${format}${group}, epilogue ${epilogue}, on ${device.name} (${device.backend})`,
    `kernel: ${nameOf(choice)}, order ${choice.order}`,
    `precision: ${choice.precision} (${facts.precisionReason})`,
    ...splitText(choice, facts.splitSource),
    `why: ${facts.reason}`,
    tileText(tile),
    `moves ${(bytes / 1e6).toFixed(2)} MB for ${(operations / 1e6).toFixed(2)} million operations`,
    `roofline: ${facts.rooflineMicroseconds.toFixed(1)} µs at ${device.gigabytesPerSecond.toFixed(1)} GB/s`,
  ]
  if (facts.alternatives.length > 0) lines.push(`also legal: ${facts.alternatives.join(', ')}`)
  return lines.join('\n')
}

function splitText({ combine, scratchBytes }: Choice, source: RuleSource | null): string[] {
  if (combine === undefined) return []
  const why = source === null ? 'asked for' : sourceText(source)
  const scratch = `${(scratchBytes / 1e3).toFixed(1)} kB of scratch between them`
  return [`K in ${combine.problem.splits} splits, then ${combine.definition.name}, ${scratch} (${why})`]
}

function tileText({ rows, columns, computedRows, usedRows, fraction }: TileUse): string {
  const percent = (100 * fraction).toFixed(1)
  return `M = ${usedRows} would use ${usedRows}/${computedRows} of the rows of ${computedRows > rows ? `${rows}x${columns} tiles` : `a ${rows}x${columns} tile`} (${percent} %)`
}
