/** Benchmark suites of the decoder, for `@metal-fp4/bench`. */
import type { Suite } from '@metal-fp4/bench'
import { decode } from './decode.js'
import { prefill } from './prefill.js'

export const suites: readonly Suite[] = [decode, prefill]
export { decode, prefill }
