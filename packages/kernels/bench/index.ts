/** Benchmark suites of the kernels, for `@metal-fp4/bench`. */
import type { CountingSuite, Suite } from '@metal-fp4/bench'
import { experts } from './experts.js'
import { gemm } from './gemm.js'
import { gemv } from './gemv.js'
import { isa } from './isa.js'
import { moe } from './moe.js'
import { utilization } from './utilization.js'

export const suites: readonly (Suite | CountingSuite)[] = [gemv, gemm, experts, moe, isa, utilization]
export { experts, gemm, gemv, isa, moe, utilization }
