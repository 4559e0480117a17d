/** Benchmark suites of the kernels, for `@metal-fp4/bench`. */
import type { CountingSuite, Suite } from '@metal-fp4/bench'
import { gemm } from './gemm.js'
import { gemv } from './gemv.js'
import { moe } from './moe.js'
import { utilization } from './utilization.js'

export const suites: readonly (Suite | CountingSuite)[] = [gemv, gemm, moe, utilization]
export { gemm, gemv, moe, utilization }
