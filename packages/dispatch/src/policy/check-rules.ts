/** Whether rules of a file keep what selection promises, whatever they were tuned for. */
import type { Backend } from '@metal-fp4/metal-core'
import { type Precision, type WeightFormat, isDenseType, precisions } from '../problem.js'
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
    for (const precision of isDenseType(format) ? (['float32'] as const) : precisions) {
      const products = `${format}${precision === 'float32' ? '' : ` in ${precision}`}`
      const many = { m: Number.MAX_SAFE_INTEGER, format, precision }
      if (hasKernels(format, precision, backend) && !rules.some((rule) => fits(rule, many)))
        refuse('', `to have a rule for any number of rows of ${products}, maxM null`, undefined)
      const alone = ordersFor(rules, { m: 1, format, precision }, backend)
      for (let m = 2; m <= batchRows; m++) {
        const orders = ordersFor(rules, { m, format, precision }, backend)
        if (orders !== alone)
          refuse('', `to keep the order of operations of ${products} from M = 1 to M = ${m}, ${alone}`, orders)
      }
    }
  }
}

/** What rules tell products apart by. */
interface Product {
  readonly m: number
  readonly format: string
  readonly precision: Precision
}

/** Whether a rule is one for these rows of this format in this precision. */
export function fits({ maxM, formats, precision }: PolicyRule, product: Product): boolean {
  return (
    product.m <= endOf(maxM)
    && (formats?.includes(product.format) ?? true)
    && (precision === undefined || precision === product.precision)
  )
}

/** Whether a backend has any kernel for products of a format in a precision. */
export function hasKernels(format: WeightFormat, precision: Precision, backend: Backend): boolean {
  return legalCandidates({ m: 1, n: 4096, k: 4096, format, precision }, backend).length > 0
}

/**
 * The orders of what rules take, first choice first. Which of them is legal for a matrix does not depend on M, so that the same list
 * for two M means the same order for any matrix. The matrix here is one that all kernels take.
 */
function ordersFor(
  rules: readonly PolicyRule[],
  product: Product & { readonly format: WeightFormat },
  backend: Backend,
): string {
  const legal = legalCandidates({ ...product, n: 4096, k: 4096 }, backend, 2)
  const orders = rules
    .filter((rule) => fits(rule, product))
    .flatMap(({ kernel, tile }) => legal.find((one) => one.kernel === kernel && one.tile === tile)?.order ?? [])
  return [...new Set(orders)].join(', then ')
}

function endOf(maxM: number | null): number {
  return maxM ?? Number.POSITIVE_INFINITY
}
