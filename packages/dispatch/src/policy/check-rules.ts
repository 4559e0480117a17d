/** Whether rules of a file keep what selection promises, whatever they were tuned for. */
import type { Backend } from '@metal-fp4/metal-core'
import type { WeightFormat } from '../problem.js'
import { legalCandidates, rowsOf } from '../selection.js'
import type { PolicyRule } from './types.js'

/** Rows up to which a row has the same bits in any company. */
const batchRows = 8

/** Calls `refuse` with the field, what it is expected to be, and what it is, for the first rule that is wrong. */
export function checkRules(
  rules: readonly PolicyRule[],
  formats: readonly WeightFormat[],
  backend: Backend,
  refuse: (at: string, expected: string, got: unknown) => never,
): void {
  for (const [i, { maxM, kernel, tile, constants }] of rules.entries()) {
    if (i > 0 && endOf(maxM) < endOf(rules[i - 1].maxM))
      refuse(`[${i}].maxM`, 'to be no less than that of the rule before it', maxM)
    if ((kernel === 'gemm_fp4') !== (tile !== undefined))
      refuse(`[${i}].tile`, kernel === 'gemm_fp4' ? 'to be rows8 or panel' : `to be left out for ${kernel}`, tile)
    if (constants === undefined) continue
    if (!kernel.startsWith('gemv_')) refuse(`[${i}].constants`, `to be left out for ${kernel}`, constants)
    if (endOf(maxM) > rowsOf[constants.rows])
      refuse(`[${i}].maxM`, `to be at most ${rowsOf[constants.rows]} for rows '${constants.rows}'`, maxM)
  }
  for (const format of formats) {
    const alone = ordersFor(rules, 1, format, backend)
    for (let m = 2; m <= batchRows; m++) {
      const orders = ordersFor(rules, m, format, backend)
      if (orders !== alone)
        refuse('', `to keep the order of operations of ${format} from M = 1 to M = ${m}, ${alone}`, orders)
    }
  }
}

/** Whether a rule is one for these rows of this format. */
export function fits({ maxM, formats }: PolicyRule, m: number, format: string): boolean {
  return m <= endOf(maxM) && (formats?.includes(format) ?? true)
}

/**
 * The orders of what rules take, first choice first. Which of them is legal for a matrix does not depend on M, so that the same list
 * for two M means the same order for any matrix. The matrix here is one that all kernels take.
 */
function ordersFor(rules: readonly PolicyRule[], m: number, format: WeightFormat, backend: Backend): string {
  const legal = legalCandidates({ m, n: 4096, k: 4096, format }, backend, 2)
  const orders = rules
    .filter((rule) => fits(rule, m, format))
    .flatMap(({ kernel, tile }) => legal.find((one) => one.kernel === kernel && one.tile === tile)?.order ?? [])
  return [...new Set(orders)].join(', then ')
}

function endOf(maxM: number | null): number {
  return maxM ?? Number.POSITIVE_INFINITY
}
