/** An encoded call of a Metal kernel, as metal-sim takes it. */
import type { BufferArgument, Dispatch, Program } from '@metal-fp4/metal-sim'
import type { EncodedKernel, KernelDefinition } from '../src/index.js'

/** A call, and the status that its kernel writes when it refuses its data. */
export interface SimulatedCall {
  readonly dispatch: Dispatch
  /** [code, detail, detail, 0]; null for a kernel without `failures`. */
  readonly status: Uint32Array | null
}

/** Binds what the kernel takes: arguments, parameters by value, the status; what is not bound gets bytes that it must not use. */
export function simulatedCall(
  definition: KernelDefinition,
  encoded: EncodedKernel<ArrayBufferView>,
  program: Program,
): SimulatedCall {
  const { name, grid, threadgroup, buffers, constants } = encoded
  const { args, failures = [] } = definition
  const bound = buffers.map((value, i): BufferArgument => {
    if (value === null) return new Uint8Array(unboundBytes)
    return i < args.length ? value : { bytes: value }
  })
  const status = failures.length > 0 ? new Uint32Array(4) : null
  return {
    dispatch: {
      program,
      kernel: name,
      grid,
      threadgroup,
      buffers: status === null ? bound : [...bound, status],
      // Constant i of the manifest has index i (metal/constants.h); a source need not declare what it does not look at.
      constants: Object.fromEntries(
        Object.values(constants)
          .map((value, i) => [i, value] as const)
          .filter(([i]) => program.constants.some(({ index }) => index === i)),
      ),
    },
    status,
  }
}

/** A device binds a small buffer to an optional argument that is not bound. */
const unboundBytes = 16

/** The message of a failure: `[kernel] …`, with its details; null when there was none. */
export function failureOf({ name, failures = [] }: KernelDefinition, status: Uint32Array | null): string | null {
  if (status === null || status[0] === 0) return null
  const text = failures[status[0] - 1] ?? `code ${status[0]} of ${failures.length} failures`
  return `[${name}] ${text.replaceAll(/\{([01])\}/g, (_, i: string) => String(status[1 + Number(i)]))}`
}
