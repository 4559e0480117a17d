/** From a kernel's definition and a problem to what a command graph takes, with every argument checked on the way. */
import type { Backend, Binding, CommandGraph, FunctionConstants, KernelLibrary } from '@metal-fp4/metal-core'
import { KernelArgumentError, describe } from './errors.js'
import { type ResolvedArgument, gridFor, resolveKernel } from './manifest/resolve.js'
import type { KernelDefinition } from './manifest/types.js'
import type { ArgumentsOf, ConstantsOf, ProblemOf } from './manifest/views.js'
import { checkOverlaps } from './overlap.js'

/** What can be bound to an argument: a metal-core `DeviceBuffer` or `BufferView`, or an array over device memory. */
export interface Bindable {
  readonly byteLength: number
  /** Of a view: where it starts in its buffer, in bytes. */
  readonly offset?: number
  /** Of a view: its buffer. */
  readonly buffer?: unknown
}

/** One call of a kernel. */
export interface KernelSpec<D extends KernelDefinition, B extends Bindable = Bindable> {
  readonly problem: ProblemOf<D>
  /** Those left out have their first value. */
  readonly constants?: ConstantsOf<D>
  readonly args: ArgumentsOf<D, B>
}

/** A call made ready for `CommandGraph.dispatch`. */
export interface EncodedKernel<B extends Bindable = Bindable> {
  readonly name: string
  readonly constants: FunctionConstants
  readonly grid: [number, number, number]
  readonly threadgroup: [number, number, number]
  /** In the order of the kernel's arguments; the last are the parameters, by value. */
  readonly buffers: (B | Uint8Array | null)[]
}

/**
 * Checks a call against the manifest and builds its parameters. Buffers may be larger than needed, never smaller; what is
 * written may share no bytes with another argument, except where the manifest says `mayAlias`.
 * @throws KernelArgumentError naming the kernel, the argument, what was expected and what came.
 */
export function encode<D extends KernelDefinition, B extends Bindable>(
  definition: D,
  backend: Backend,
  spec: KernelSpec<D, B>,
): EncodedKernel<B> {
  const { problem, constants, args } = spec
  const resolved = resolveKernel(definition, problem, constants, backend)
  const grid = gridFor(definition, backend, problem, constants)
  const given = args as Readonly<Record<string, B | null | undefined>>
  for (const name of Object.keys(given)) {
    if (resolved.args.some((argument) => argument.definition.name === name)) continue
    const names = definition.args.map((argument) => argument.name).join(', ')
    throw new KernelArgumentError(definition.name, `arguments ${names}`, describe(name), 'Leave it out.')
  }
  const bound = resolved.args.map((argument) =>
    checkBinding(definition.name, argument, given[argument.definition.name]),
  )
  checkOverlaps(definition.name, resolved.args, bound)
  const [x, y, z] = definition.launch[backend]?.threadgroup ?? [1, 1, 1]
  return {
    name: definition.name,
    constants: resolved.constants,
    grid,
    threadgroup: [x, y, z],
    buffers: [...bound, ...encodeParameters(definition, problem)],
  }
}

/**
 * Checks a call and records it into a graph.
 * @param label names the dispatch in a profile.
 * @throws KernelArgumentError as `encode` does.
 */
export function record<D extends KernelDefinition>(
  graph: CommandGraph,
  library: KernelLibrary,
  definition: D,
  spec: KernelSpec<D, Binding | ArrayBufferView>,
  label?: string,
): void {
  const { name, constants, grid, threadgroup, buffers } = encode(definition, library.backend, spec)
  graph.dispatch(library.kernel(name, constants), {
    grid,
    threadgroup,
    buffers,
    ...(label === undefined ? {} : { label }),
  })
}

/** The parameters as the kernel reads them: one struct, or one value for each scalar. Little-endian, 4 bytes a scalar. */
export function encodeParameters<D extends KernelDefinition>(definition: D, problem: ProblemOf<D>): Uint8Array[] {
  const fields = Object.entries(definition.problem)
  const bytes = new Uint8Array(4 * fields.length)
  const view = new DataView(bytes.buffer)
  const values: Readonly<Record<string, number>> = problem
  for (const [i, [name, type]] of fields.entries()) {
    if (type === 'u32') view.setUint32(4 * i, values[name], true)
    else view.setFloat32(4 * i, values[name], true)
  }
  return definition.params === 'struct' ? [bytes] : fields.map((_, i) => bytes.slice(4 * i, 4 * i + 4))
}

function checkBinding<B extends Bindable>(
  kernel: string,
  argument: ResolvedArgument,
  value: B | null | undefined,
): B | null {
  const { definition, bytes, alignment, bound, count, type } = argument
  const { name } = definition
  if (!bound) {
    if (value === null || value === undefined) return null
    throw new KernelArgumentError(kernel, `${name} to be unbound`, 'a buffer', `It is used when ${definition.when}.`)
  }
  const what = `${name} of at least ${bytes} bytes (${count} of ${type})`
  if (value === null || value === undefined) {
    throw new KernelArgumentError(kernel, what, String(value), `Bind args.${name}.`)
  }
  const length: unknown = value.byteLength
  if (typeof length !== 'number')
    throw new KernelArgumentError(kernel, what, describe(value), 'Bind a DeviceBuffer or a view of one.')
  if (length < bytes)
    throw new KernelArgumentError(kernel, what, `${length} bytes`, 'Bind a larger buffer, or check the problem.')
  const { offset = 0 } = value
  if (offset % alignment !== 0) {
    const aligned = `${name} aligned to ${alignment} bytes`
    throw new KernelArgumentError(kernel, aligned, `offset ${offset}`, 'Align the view.')
  }
  return value
}
