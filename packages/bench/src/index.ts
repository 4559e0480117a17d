/** Benchmark suites against the memory roof: cold caches, device time, statistics, reports. */
export { type RunCliOptions, runCli } from './cli.js'
export { type Io, type Verb, exit } from './cli/io.js'
export { type Preset } from './cli/preset.js'
export { listOf, parseShape, parseUpTo } from './cli/parse.js'
export { openDevice } from './cli/run.js'
export { type AnySuite } from './cli/suites.js'
export { type CompareOptions, type Compared, type Comparison, type Verdict, compareReports } from './compare/compare.js'
export { type Interval, medianInterval, ratioInterval, sameProbability } from './compare/interval.js'
export { type ColdPool, type ColdPoolOptions, coldBytes, coldPool, copiesFor } from './cold-pool.js'
export { BenchError, messageOf } from './errors.js'
export { type Machine, describeMachine } from './machine.js'
export { type ReportFormat, report } from './reporters/index.js'
export type { HtmlOptions } from './html/index.js'
export { htmlReport } from './html/lazy.js'
export {
  type Contest,
  type ContestContext,
  type ContestOptions,
  type ContestResult,
  type ContestSuite,
  defineContestSuite,
  runContest,
} from './peers/contest.js'
export { type Goal, type GoalOptions, judge } from './goals.js'
export { checkOutput, writeOutput } from './output-file.js'
export { type PeerProcess, openPeer } from './peers/process.js'
export { type Peer, type PeerRequest, resolvePeer } from './peers/resolve.js'
export { type ContestProgress, type ContestRunOptions, runContests } from './peers/runner.js'
export { readReport } from './read-report.js'
export { describeRun } from './run-description.js'
export { type Roof, type RoofSource, openRoof } from './roof.js'
export { type BenchFailure, type BenchReport, type BenchRow, type CountRow, type RunDescription } from './rows.js'
export { type CountOptions, type CountProgress, countSuites } from './counting.js'
export { type RunOptions, type RunProgress, runSuites } from './runner.js'
export { type RoofReading, type Round, type SamplingOptions, sampleRounds } from './sampling.js'
export { roofTolerance, steadyRounds } from './steady.js'
export { type Summary, medianOf, summarize } from './statistics.js'
export {
  type Against,
  type BenchCase,
  type CountingCase,
  type CountingContext,
  type CountingSuite,
  type Counts,
  type Filter,
  type GeometryRequest,
  type Part,
  type Profile,
  type Shape,
  type Suite,
  type SuiteContext,
  type Timing,
  defineCountingSuite,
  defineSuite,
} from './suite.js'
