import type { Diagnostic } from './source/findings.js'
import type { Report } from './simulator/results.js'

/** clang cannot be had, or is not one that works. */
export class ToolchainError extends Error {
  override readonly name = 'ToolchainError'
  readonly code = 'ERR_METAL_SIM_TOOLCHAIN'
}

/** A Metal source breaks the language's rules. */
export class MetalCompileError extends Error {
  override readonly name = 'MetalCompileError'
  readonly code = 'ERR_METAL_SIM_COMPILE'
  constructor(
    message: string,
    readonly diagnostics: readonly Diagnostic[],
  ) {
    super(message)
  }
}

/** A kernel could not be run, or was found to do what it must not (`reports`). */
export class SimulationError extends Error {
  override readonly name: string = 'SimulationError'
  readonly code: string = 'ERR_METAL_SIM_SIMULATION'
  constructor(
    message: string,
    readonly reports: readonly Report[] = [],
  ) {
    super(message)
  }
}

/** A dispatch that was refused before it ran: a kernel, argument, constant or size that does not fit. */
export class DispatchError extends SimulationError {
  override readonly name = 'DispatchError'
  override readonly code = 'ERR_METAL_SIM_DISPATCH'
}

/** One line for a person: `file:line:column: error: …`. */
export const formatDiagnostic = ({ severity, rule, message, file, line, column }: Diagnostic): string =>
  `${file}:${String(line)}${column > 0 ? `:${String(column)}` : ''}: ${severity}: ${message}${rule === 'clang' ? '' : ` [${rule}]`}`
