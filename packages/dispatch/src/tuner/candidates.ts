/** What a tuner may choose from: legal kernels in all their variants that give the same bits. */
import type { PolicyRule } from '../policy/index.js'
import type { MatmulProblem, Precision } from '../problem.js'
import type { DeviceIdentity } from '../profile.js'
import { type Candidate, legalCandidates, rowsOf } from '../selection.js'

/** The part of a rule that says what to run. */
export type TunerCandidate = Pick<PolicyRule, 'kernel' | 'tile' | 'constants'>

/** What decides which code a candidate runs: the device, whose name of a CPU ends with the instruction set, and the precision. */
export interface CandidateSetting extends Pick<DeviceIdentity, 'backend' | 'name'> {
  readonly precision: Precision
}

/**
 * Candidates for a problem, that of the order id given first. Rows of M = 1..8 have to have the bits of one row, so that no other order is
 * one of them; larger M keep it too. The baselines, and kernels that cut K (whose number of splits is part of the order), are left out; so is
 * what would run the same code as another.
 * @throws DispatchError for a bad problem.
 */
export function tunerCandidates(
  problem: MatmulProblem,
  { backend, name }: Pick<DeviceIdentity, 'backend' | 'name'>,
  order: string,
): readonly TunerCandidate[] {
  const setting = { backend, name, precision: problem.precision ?? 'float32' }
  return legalCandidates(problem, backend)
    .filter((candidate) => !candidate.baseline && candidate.combine === undefined && candidate.order === order)
    .flatMap((candidate) => variantsOf(candidate, problem.m))
    .filter((one, i, all) => all.findIndex((other) => isSame(one, other, setting)) === i)
}

/** Whether two candidates run the same code: a race between them would be won by chance. */
export function isSame(a: TunerCandidate, b: TunerCandidate, setting: CandidateSetting): boolean {
  return codeOf(a, setting) === codeOf(b, setting)
}

/**
 * What a candidate runs. On a CPU kernels look at how many rows there are and at no constant `rows`; gemm_fp4 by rows8 is gemv_fp4's
 * code, and so is its panel in precision int8 or with AVX2.
 */
function codeOf({ kernel, tile, constants }: TunerCandidate, { backend, name, precision }: CandidateSetting): string {
  if (backend !== 'cpu') return candidateName({ kernel, ...(tile && { tile }), ...(constants && { constants }) })
  const hasPanels = precision === 'float32' && !/\bavx2$/.test(name)
  if (kernel === 'gemv_fp4' || (kernel === 'gemm_fp4' && !(tile === 'panel' && hasPanels))) return 'by rows'
  return candidateName({ kernel, ...(tile && { tile }) })
}

/** As selection has it, and compiled for more rows than there are: a kernel for eight rows may well be the faster one for five. */
function variantsOf({ kernel, tile, constants }: Candidate, m: number): TunerCandidate[] {
  const plain = { kernel, ...(tile && { tile }) }
  // Kernels without the constant have no such variants.
  if (!('rows' in constants)) return [plain]
  const names = Object.keys(rowsOf) as (keyof typeof rowsOf)[]
  const larger = names.filter((rows) => rowsOf[rows] >= m && rows !== constants.rows)
  return [plain, ...larger.map((rows) => ({ ...plain, constants: { rows } }))]
}

/** "gemm_fp4 rows8", "gemv_fp4 rows=eight": a candidate in messages. Candidates of one name are the same. */
export function candidateName({ kernel, tile, constants }: TunerCandidate): string {
  return [kernel, tile, constants && `rows=${constants.rows}`].filter(Boolean).join(' ')
}
