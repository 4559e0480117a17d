import type { quantizeRowsInt8 as definition } from '../manifest/quantize_rows_int8.js'
import type { Oracle } from '../manifest/views.js'
import { quantizeRows } from './int8_rows.js'

/** Rows as blocks of signed bytes with a step each. */
export const quantizeRowsInt8: Oracle<typeof definition> = ({ m, k }, _constants, { activations }) => ({
  out: quantizeRows(activations, m, k),
})
