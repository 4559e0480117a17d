import type { Backend } from '@metal-fp4/metal-core'

/** A scalar of a problem: a uint32 or a float32, one field of the parameter struct. */
export type ScalarType = 'u32' | 'f32'

/**
 * The element type of an argument. `codes` are uint32 words of 8 FP4 codes; `scale` has the size that the constant
 * `format` gives it (fp4: half; mxfp4: E8M0; nvfp4: E4M3); `weight` that of the constant `type`; `activation` is float32, or the
 * words that `quantize_rows_int8` makes, by the constant `precision`.
 */
export type ElementType = 'f32' | 'f16' | 'u32' | 'codes' | 'scale' | 'weight' | 'activation'

/**
 * An expression over the names of the problem and of the function constants, in exact integer arithmetic: + - * / %,
 * comparisons, && and ||, parentheses, `ceilDiv(a, b)`, `align(a, b)`, `min`, `max`, and quoted names of a constant's
 * values (`epilogue == 'swiglu'`, which counts as 0 or 1). One text serves TypeScript, C++ and the reference.
 */
export type Expression = string

export interface ArgumentDefinition {
  readonly name: string
  readonly type: ElementType
  readonly access: 'read' | 'write' | 'read_write'
  /** Elements. */
  readonly count: Expression
  /**
   * Bytes that the address is a multiple of: a power of two, at least the element's size. Default: the element's size.
   * Weights state 16, so that a GPU may load four words at a time.
   */
  readonly alignment?: Expression
  /** Another argument, whose range this one may equal. Otherwise what is written overlaps nothing else that is bound. */
  readonly mayAlias?: string
  /** When given and 0, the argument is left unbound (null). */
  readonly when?: Expression
  /** The packing order of a weight tensor (see `../packing`). */
  readonly packing?: PackingOrder
  readonly doc: string
}

/** `kn` is the public layout of fp4-quant; `columns64` are tiles of 64 columns; `rows` is a row-major [N, K] matrix. */
export type PackingOrder = 'kn' | 'columns64' | 'rows'

export interface Constraint {
  readonly expression: Expression
  /** Completes "[kernel] expected …". */
  readonly expected: string
}

export interface Launch {
  /** Threadgroups in x, y and z. */
  readonly grid: readonly [Expression, Expression, Expression]
  /** Threads of a threadgroup. */
  readonly threadgroup: readonly [number, number, number]
  /** When this backend adds in another order than the definition's `order`. */
  readonly order?: string
  /** What this backend asks of a problem besides the definition's `legal`. */
  readonly legal?: readonly Constraint[]
}

/** Everything that is known of a kernel apart from its code. Plain data, so that every tool can read it. */
export interface KernelDefinition {
  readonly name: string
  /** What it computes, in a sentence or a formula. */
  readonly summary: string
  readonly problem: Readonly<Record<string, ScalarType>>
  /**
   * Function constants: each an enumeration whose first value is the default and whose value is its index. The constant `rows` of
   * kernels for few rows says for how many a GPU compiles them at most, so that one row does not keep the registers of eight; a
   * CPU ignores it, and the bits are the same whatever it is. For experts: rows of one expert that go together.
   */
  readonly constants: Readonly<Record<string, readonly string[]>>
  readonly args: readonly ArgumentDefinition[]
  /** How the problem is passed: `struct`, as the last argument, or `separate`, a by-value argument for each field. */
  readonly params: 'struct' | 'separate'
  /**
   * Names the order of the floating-point operations that make one output element. Two variants with the same id give
   * the same bits; selection for M = 1..8 stays within one id.
   */
  readonly order: string
  /** Where a constant's value asks for another order: constant, value, order id. */
  readonly orders?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly legal: readonly Constraint[]
  /**
   * How a GPU kernel says what it refuses in its data: it writes (1 + index of the message, two words of detail) to the
   * status that is bound after its parameters, and `{0}` and `{1}` stand for the details. Each completes "[kernel] …".
   * Kernels of the CPU word their own messages.
   */
  readonly failures?: readonly string[]
  readonly launch: Readonly<Partial<Record<Backend, Launch>>>
  /** Useful floating-point operations (a multiply-add is two), for the roofline. */
  readonly operations: Expression
}
