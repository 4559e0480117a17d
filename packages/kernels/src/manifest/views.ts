/** The TypeScript types that follow from a kernel's definition. */
import type { ElementType, KernelDefinition } from './types.js'

type Simplify<T> = { [K in keyof T]: T[K] }
type Argument<D extends KernelDefinition> = D['args'][number]
type OptionalName<D extends KernelDefinition> = Extract<Argument<D>, { readonly when: string }>['name']

/** The scalars of a kernel's problem, by name. */
export type ProblemOf<D extends KernelDefinition> = { readonly [P in keyof D['problem']]: number }

/** Values of a kernel's function constants by name; one left out has its first value. */
export type ConstantsOf<D extends KernelDefinition> = {
  readonly [C in keyof D['constants']]?: D['constants'][C][number]
}

/**
 * What is bound to each argument of a kernel; those that a constant may turn off may be null or left out. For a definition that is
 * not known until run time, any may be null.
 */
export type ArgumentsOf<D extends KernelDefinition, Bound = unknown> = string extends Argument<D>['name']
  ? Readonly<Record<string, Bound | null>>
  : Simplify<
      { readonly [A in Exclude<Argument<D>['name'], OptionalName<D>>]: Bound } & {
        readonly [A in OptionalName<D>]?: Bound | null
      }
    >

interface Arrays {
  readonly f32: Float32Array
  readonly f16: Uint16Array
  readonly u32: Uint32Array
  readonly codes: Uint32Array
  readonly scale: Uint8Array | Uint16Array
  readonly weight: Float32Array | Uint16Array
  readonly activation: Float32Array | Uint32Array
}

type Reading<D extends KernelDefinition> = Extract<Argument<D>, { readonly access: 'read' | 'read_write' }>
type Writing<D extends KernelDefinition> = Extract<Argument<D>, { readonly access: 'write' | 'read_write' }>
type ArrayOf<A> = A extends { readonly type: infer T extends ElementType } ? Arrays[T] : never
type ResultOf<A> = A extends { readonly type: 'u32' } ? Uint32Array : Float64Array

/** What an oracle is given: the arguments that the kernel reads, as typed arrays (halves and bfloat16 as their bits). */
export type OracleInputs<D extends KernelDefinition> = Simplify<
  {
    readonly [A in Reading<D> as A extends { readonly when: string } ? never : A['name']]: ArrayOf<A>
  } & {
    readonly [A in Reading<D> as A extends { readonly when: string } ? A['name'] : never]?: ArrayOf<A> | null
  }
>

/** What an oracle returns: the arguments that the kernel writes, numbers in float64. */
export type OracleResults<D extends KernelDefinition> = { readonly [A in Writing<D> as A['name']]: ResultOf<A> }

/** A kernel's float64 reference. */
export type Oracle<D extends KernelDefinition> = (
  problem: ProblemOf<D>,
  constants: ConstantsOf<D>,
  args: OracleInputs<D>,
) => OracleResults<D>
