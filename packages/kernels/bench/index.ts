/** Benchmark suites of the kernels, for `@metal-fp4/bench`. */
import type { Suite } from '@metal-fp4/bench'
import { gemm } from './gemm.js'
import { gemv } from './gemv.js'
import { moe } from './moe.js'

export const suites: readonly Suite[] = [gemv, gemm, moe]
export { gemm, gemv, moe }
