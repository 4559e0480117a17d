/** Benchmark suites against the memory roof: cold caches, device time, statistics, reports. */
export { type RunCliOptions, runCli } from './cli.js'
export { type ColdPool, type ColdPoolOptions, coldBytes, coldPool, copiesFor } from './cold-pool.js'
export { BenchError } from './errors.js'
export { type Machine, describeMachine } from './machine.js'
export { type ReportFormat, report } from './reporters/index.js'
export { type Roof, type RoofSource, openRoof } from './roof.js'
export { type BenchFailure, type BenchReport, type BenchRow, type CountRow } from './rows.js'
export { type CountOptions, type CountProgress, countSuites } from './counting.js'
export { type RunOptions, type RunProgress, runSuites } from './runner.js'
export { type SamplingOptions, sampleCase } from './sampling.js'
export { type Summary, summarize } from './statistics.js'
export {
  type BenchCase,
  type CountingCase,
  type CountingContext,
  type CountingSuite,
  type Counts,
  type Filter,
  type Shape,
  type Suite,
  type SuiteContext,
  type Timing,
  defineCountingSuite,
  defineSuite,
} from './suite.js'
