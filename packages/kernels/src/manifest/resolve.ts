/** A definition made ready for use: expressions parsed, and evaluated for one problem. */
import type { Backend } from '@metal-fp4/metal-core'
import { KernelArgumentError, describe } from '../errors.js'
import { type ConcreteType, concreteTypes, decidingConstant, elementBytes } from './elements.js'
import { type ExpressionNode, evaluate, parseExpression } from './expression.js'
import type { ArgumentDefinition, Constraint, KernelDefinition } from './types.js'
import type { ConstantsOf, ProblemOf } from './views.js'

/** One argument for one problem. */
export interface ResolvedArgument {
  readonly definition: ArgumentDefinition
  readonly type: ConcreteType
  /** Elements. */
  readonly count: number
  readonly bytes: number
  /** Bytes that its address has to be a multiple of. */
  readonly alignment: number
  /** False: to be left unbound. */
  readonly bound: boolean
}

/** A kernel for one legal problem. */
export interface ResolvedKernel {
  /** Index of each constant's value. */
  readonly constants: Readonly<Record<string, number>>
  readonly args: readonly ResolvedArgument[]
  /** Useful floating-point operations. */
  readonly operations: number
  /** Bytes of all bound arguments: what one dispatch moves at least, when every argument is used once. */
  readonly bytes: number
}

/** The order id of a kernel on a backend: the definition's, unless a constant or the backend asks for another. */
export function orderOf(
  definition: KernelDefinition,
  backend: Backend,
  constants: Readonly<Record<string, string | undefined>> = {},
): string {
  for (const [constant, orders] of Object.entries(definition.orders ?? {})) {
    const value = constants[constant] ?? ''
    if (Object.hasOwn(orders, value)) return orders[value]
  }
  return definition.launch[backend]?.order ?? definition.order
}

/**
 * Sizes of every argument for a problem.
 * @param backend asks for what its launch finds legal as well.
 * @throws KernelArgumentError when a scalar, a constant or the problem is not legal for the kernel.
 */
export function resolveKernel<D extends KernelDefinition>(
  definition: D,
  problem: ProblemOf<D>,
  constants: ConstantsOf<D> = {},
  backend?: Backend,
): ResolvedKernel {
  const parsed = parse(definition)
  const indices = constantIndices(definition, constants)
  const values = { ...scalars(definition, problem), ...indices }
  const { name } = definition
  const compute = (node: ExpressionNode, what: string): number => {
    try {
      const value = evaluate(node, values)
      if (value >= 0) return value
    } catch {
      // Reported below, with the problem: what overflows is the problem's size, not the expression.
    }
    throw new KernelArgumentError(name, `a problem with ${what} below 2^53`, describeProblem(problem), 'Reduce it.')
  }
  const check = (constraints: readonly Constraint[], nodes: readonly ExpressionNode[]): void => {
    for (const [i, { expected }] of constraints.entries()) {
      if (compute(nodes[i], 'sizes') !== 0) continue
      throw new KernelArgumentError(name, expected, describeProblem(problem), 'See docs/kernels.md.')
    }
  }
  check(definition.legal, parsed.legal)
  if (backend !== undefined) check(definition.launch[backend]?.legal ?? [], parsed.launchLegal[backend] ?? [])
  const args = definition.args.map((argument, i): ResolvedArgument => {
    const deciding = decidingConstant(argument.type)
    const type = concreteTypes(definition, argument.type)[deciding === undefined ? 0 : indices[deciding]]
    const when = parsed.when[i]
    const bound = when === undefined || compute(when, argument.name) !== 0
    const count = bound ? compute(parsed.counts[i], argument.name) : 0
    const bytes = count * elementBytes[type]
    if (!Number.isSafeInteger(bytes)) compute({ kind: 'number', value: bytes }, argument.name)
    const stated = parsed.alignments[i]
    const alignment = stated === undefined ? elementBytes[type] : compute(stated, argument.name)
    return { definition: argument, type, count, bytes, alignment, bound }
  })
  return {
    constants: indices,
    args,
    operations: compute(parsed.operations, 'operations'),
    bytes: args.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/**
 * Threadgroups in x, y and z for a problem that `resolveKernel` accepts.
 * @throws KernelArgumentError when the kernel has no launch for the backend.
 */
export function gridFor<D extends KernelDefinition>(
  definition: D,
  backend: Backend,
  problem: ProblemOf<D>,
  constants: ConstantsOf<D> = {},
): [number, number, number] {
  const grid = parse(definition).grids[backend]
  if (grid === undefined) {
    const backends = Object.keys(definition.launch).join(' or ')
    throw new KernelArgumentError(definition.name, `backend ${backends}`, backend, 'This kernel does not run there.')
  }
  const values = { ...scalars(definition, problem), ...constantIndices(definition, constants) }
  const sizes = grid.map((node) => evaluate(node, values))
  if (sizes.some((size) => size < 1 || size > 0xffffffff) || !Number.isSafeInteger(sizes[0] * sizes[1] * sizes[2])) {
    throw new KernelArgumentError(
      definition.name,
      'a grid of 1..2^32-1 each way',
      describe(sizes),
      'Split the problem.',
    )
  }
  return [sizes[0], sizes[1], sizes[2]]
}

interface ParsedKernel {
  readonly legal: readonly ExpressionNode[]
  readonly counts: readonly ExpressionNode[]
  readonly when: readonly (ExpressionNode | undefined)[]
  readonly alignments: readonly (ExpressionNode | undefined)[]
  /** What a backend asks for besides. */
  readonly launchLegal: Readonly<Partial<Record<Backend, readonly ExpressionNode[]>>>
  readonly grids: Readonly<Partial<Record<Backend, readonly ExpressionNode[]>>>
  readonly operations: ExpressionNode
}

const parsedKernels = new WeakMap<KernelDefinition, ParsedKernel>()

/** Every expression of a definition, parsed. @throws ExpressionError when one is wrong. */
export function parse(definition: KernelDefinition): ParsedKernel {
  const known = parsedKernels.get(definition)
  if (known !== undefined) return known
  const names = Object.keys(definition.problem).filter((name) => definition.problem[name] === 'u32')
  const read = (text: string): ExpressionNode => parseExpression(text, { names, constants: definition.constants })
  const grids: Partial<Record<Backend, readonly ExpressionNode[]>> = {}
  const launchLegal: Partial<Record<Backend, readonly ExpressionNode[]>> = {}
  for (const [backend, { grid, legal = [] }] of Object.entries(definition.launch)) {
    grids[backend as Backend] = grid.map(read)
    launchLegal[backend as Backend] = legal.map(({ expression }) => read(expression))
  }
  const parsed: ParsedKernel = {
    legal: definition.legal.map(({ expression }) => read(expression)),
    counts: definition.args.map(({ count }) => read(count)),
    when: definition.args.map(({ when }) => (when === undefined ? undefined : read(when))),
    alignments: definition.args.map(({ alignment }) => (alignment === undefined ? undefined : read(alignment))),
    launchLegal,
    grids,
    operations: read(definition.operations),
  }
  parsedKernels.set(definition, parsed)
  return parsed
}

function scalars(definition: KernelDefinition, problem: Readonly<Record<string, number>>): Record<string, number> {
  const values: Record<string, number> = {}
  for (const [name, type] of Object.entries(definition.problem)) {
    const value: unknown = problem[name]
    const valid =
      type === 'u32'
        ? Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff
        : Number.isFinite(value)
    if (!valid) {
      const expected = `${name} to be ${type === 'u32' ? 'an integer of 0..2^32-1' : 'a finite number'}`
      throw new KernelArgumentError(definition.name, expected, describe(value), `Set problem.${name}.`)
    }
    if (type === 'u32') values[name] = value as number
  }
  for (const name of Object.keys(problem)) {
    if (Object.hasOwn(definition.problem, name)) continue
    const expected = `a problem of ${Object.keys(definition.problem).join(', ')}`
    throw new KernelArgumentError(definition.name, expected, `${name} as well`, 'Leave it out.')
  }
  return values
}

function constantIndices(
  definition: KernelDefinition,
  constants: Readonly<Record<string, string | undefined>>,
): Record<string, number> {
  const { name, constants: known } = definition
  for (const constant of Object.keys(constants)) {
    if (Object.hasOwn(known, constant)) continue
    const expected = `constants ${Object.keys(known).join(', ') || '(none)'}`
    throw new KernelArgumentError(name, expected, describe(constant), 'Leave it out.')
  }
  const indices: Record<string, number> = {}
  for (const [constant, names] of Object.entries(known)) {
    const value = constants[constant]
    indices[constant] = value === undefined ? 0 : names.indexOf(value)
    if (indices[constant] < 0) {
      throw new KernelArgumentError(
        name,
        `${constant} to be ${names.join(' or ')}`,
        describe(value),
        'Pass one of these.',
      )
    }
  }
  return indices
}

function describeProblem(problem: Readonly<Record<string, number>>): string {
  return Object.entries(problem)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')
}
