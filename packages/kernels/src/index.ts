/** FP4 decode kernels: what they compute, how they are called, and where their code is. */
export * from './manifest/index.js'
export type {
  ArgumentDefinition,
  Constraint,
  ElementType,
  Expression,
  KernelDefinition,
  Launch,
  PackingOrder,
  ScalarType,
} from './manifest/types.js'
export type { ArgumentsOf, ConstantsOf, Oracle, OracleInputs, OracleResults, ProblemOf } from './manifest/views.js'
export { type ResolvedArgument, type ResolvedKernel, gridFor, orderOf, resolveKernel } from './manifest/resolve.js'
export { type ConcreteType, elementBytes } from './manifest/elements.js'
export { ExpressionError } from './manifest/expression.js'
export { type Bindable, type EncodedKernel, type KernelSpec, encode, encodeParameters, record } from './encode.js'
export { KernelArgumentError } from './errors.js'
export { describeKernel } from './describe-kernel.js'
export { KernelLibraryError, kernelLibraryFor } from './library.js'
export { type DecodeGemvOptions, type DecodeGemvResult, decodeGemvFp4, kernels } from './one-call.js'
export { type PackedWeights, PackingError, packColumns64, unpackColumns64 } from './packing/columns64.js'
export { type RopeOptions, type RopeScaling, RopeError, ropeFrequencies, ropeRotations } from './rope.js'
export { maxError, nmse } from './oracles/compare.js'
export * as oracles from './oracles/index.js'
export { OracleError } from './oracles/oracle-error.js'
