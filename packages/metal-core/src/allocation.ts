import { refuse } from './check.js'

interface Constructors {
  readonly float64: typeof Float64Array
  readonly float32: typeof Float32Array
  readonly int32: typeof Int32Array
  readonly uint32: typeof Uint32Array
  readonly int16: typeof Int16Array
  readonly uint16: typeof Uint16Array
  readonly int8: typeof Int8Array
  readonly uint8: typeof Uint8Array
  readonly bigint64: typeof BigInt64Array
  readonly biguint64: typeof BigUint64Array
}

const constructors: Constructors = {
  float64: Float64Array,
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bigint64: BigInt64Array,
  biguint64: BigUint64Array,
}

/** Element types of `device.allocate`. half and bfloat16 are kept as their bits, in 'uint16'. */
export type AllocationType = keyof Constructors

/** Typed array constructors that `device.allocate` takes as well. */
export type AllocationConstructor = Constructors[AllocationType]

/** The array that `device.allocate` gives for a type. */
export type AllocatedArray<T extends AllocationType | AllocationConstructor> = InstanceOf<
  T extends AllocationType ? Constructors[T] : T
>

type InstanceOf<T> = T extends new (buffer: ArrayBuffer, byteOffset?: number, length?: number) => infer A ? A : never

/** The constructor for a type. Throws ArgumentError. */
export function allocationType(op: string, type: unknown): AllocationConstructor {
  if (typeof type === 'string' && Object.hasOwn(constructors, type)) return constructors[type as AllocationType]
  const all = Object.values(constructors) as AllocationConstructor[]
  const found = all.find((constructor) => constructor === type)
  return found ?? refuse(op, `type to be one of ${Object.keys(constructors).join(', ')} or a constructor`, type)
}
