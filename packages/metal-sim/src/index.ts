export {
  type CheckResult,
  type ConstantInfo,
  type KernelInfo,
  type ParameterInfo,
  type Program,
  check,
  compile,
} from './compile/compile.js'
export type { CompileOptions } from './compile/options.js'
export type { Mode } from './compile/build-flags.js'
export { DispatchError, MetalCompileError, SimulationError, ToolchainError, formatDiagnostic } from './errors.js'
export { objcDirectory, objcDriver } from './objc/driver-command.js'
export type { Diagnostic } from './source/findings.js'
export type { BufferArgument, Dispatch, Size } from './simulator/dispatch.js'
export { formatReport } from './simulator/parse-results.js'
export type { Counts, Report, ReportPlace, RunResult } from './simulator/results.js'
export {
  type RunOptions,
  type Simulator,
  type SimulatorOptions,
  barrier,
  createSimulator,
} from './simulator/simulator.js'
export { clangAvailable } from './toolchain.js'
