/** The error for values that are infinite or NaN. */
import { fail } from './errors.js'
import type { Rows } from './weight-values.js'

/** Throws for the first value of a row of `k` that is not finite. */
export function failNotFinite(rows: Rows, row: number, k: number): never {
  const at = rows.seek(row)
  let column = 0
  while (Number.isFinite(rows.floats[at + column])) column++
  return fail(
    'quantize',
    'finite values',
    `${rows.floats[at + column]} at index ${row * k + column} (row ${row}, column ${column} of [E * N, K])`,
    'Find where it comes from, or replace it before quantizing.',
  )
}
