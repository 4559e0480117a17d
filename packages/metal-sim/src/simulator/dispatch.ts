import { DispatchError } from '../errors.js'
import type { Program } from '../compile/compile.js'
import { bytesOf, encodeString, toHex } from './strings.js'

/**
 * What a kernel gets at an index: memory that it may change (a view, written back after the run), a value of its own (`setBytes`), a part of a view
 * from a byte on, or nothing.
 */
export type BufferArgument =
  | ArrayBufferView
  | { readonly bytes: ArrayBufferView }
  | { readonly buffer: ArrayBufferView; readonly offset: number }
  | null

export type Size = number | readonly [number] | readonly [number, number] | readonly [number, number, number]

export interface Dispatch {
  /** Program of the kernel; default the last one that was loaded. */
  readonly program?: Program
  readonly kernel: string
  /** Threadgroups (`dispatchThreadgroups`). */
  readonly grid?: Size
  /** Or threads (`dispatchThreads`): threadgroups at the border are smaller. */
  readonly threads?: Size
  /** Or a view with three uint32, read when the dispatch runs. */
  readonly indirect?: ArrayBufferView
  /** Threads of a threadgroup. */
  readonly threadgroup: Size
  /** By `[[buffer(n)]]`: an array, or an object of indices. The same view may be given several times and to several dispatches. */
  readonly buffers?: readonly BufferArgument[] | Readonly<Record<number, BufferArgument>>
  /** Bytes of `[[threadgroup(n)]]` arguments. */
  readonly threadgroupMemory?: readonly number[] | Readonly<Record<number, number>>
  /** Function constants by name or index. */
  readonly constants?: Readonly<Record<string, number | boolean | bigint>>
  readonly label?: string
}

export const sizeOf = (size: Size): [number, number, number] => {
  const [x = 1, y = 1, z = 1] = typeof size === 'number' ? [size] : size
  return [x, y, z]
}

const scalars: Record<string, (view: DataView, value: number | bigint) => number> = {
  bool: (view, value) => (view.setUint8(0, Number(value) === 0 ? 0 : 1), 1),
  char: (view, value) => (view.setInt8(0, Number(value)), 1),
  int8_t: (view, value) => (view.setInt8(0, Number(value)), 1),
  uchar: (view, value) => (view.setUint8(0, Number(value)), 1),
  uint8_t: (view, value) => (view.setUint8(0, Number(value)), 1),
  short: (view, value) => (view.setInt16(0, Number(value), true), 2),
  int16_t: (view, value) => (view.setInt16(0, Number(value), true), 2),
  ushort: (view, value) => (view.setUint16(0, Number(value), true), 2),
  uint16_t: (view, value) => (view.setUint16(0, Number(value), true), 2),
  int: (view, value) => (view.setInt32(0, Number(value), true), 4),
  int32_t: (view, value) => (view.setInt32(0, Number(value), true), 4),
  uint: (view, value) => (view.setUint32(0, Number(value), true), 4),
  uint32_t: (view, value) => (view.setUint32(0, Number(value), true), 4),
  float: (view, value) => (view.setFloat32(0, Number(value), true), 4),
  long: (view, value) => (view.setBigInt64(0, BigInt(value), true), 8),
  int64_t: (view, value) => (view.setBigInt64(0, BigInt(value), true), 8),
  ulong: (view, value) => (view.setBigUint64(0, BigInt(value), true), 8),
  uint64_t: (view, value) => (view.setBigUint64(0, BigInt(value), true), 8),
}

/** `INDEX=HEX` of each function constant. */
export const constantWords = (program: Program, constants: Dispatch['constants']): string[] =>
  Object.entries(constants ?? {}).map(([key, value]) => {
    const constant = program.constants.find((one) => one.name === key || String(one.index) === key)
    if (!constant) {
      const known = program.constants.map(({ name }) => name).join(', ')
      throw new DispatchError(
        `[simulator] expected a function constant of ${program.name}${known === '' ? ', which has none' : ` (${known})`}, got '${key}'.`,
      )
    }
    const write = Object.hasOwn(scalars, constant.type) ? scalars[constant.type] : undefined
    if (!write)
      throw new DispatchError(`[simulator] expected a scalar function constant, got '${key}' of type ${constant.type}.`)
    const bytes = new Uint8Array(8)
    const length = write(new DataView(bytes.buffer), typeof value === 'boolean' ? Number(value) : value)
    return `${String(constant.index)}=${toHex(bytes.subarray(0, length))}`
  })

/** The request for a dispatch. `place` gives the id of a buffer that holds a view. */
export const dispatchLine = (
  dispatch: Dispatch,
  program: Program,
  library: string,
  place: (view: ArrayBufferView) => string,
): string => {
  const kernel = program.kernels.find(({ name }) => name === dispatch.kernel)
  if (!kernel) {
    const known = program.kernels
      .map(({ name }) => name)
      .slice(0, 20)
      .join(', ')
    throw new DispatchError(`[simulator] expected a kernel of ${program.name} (${known}), got '${dispatch.kernel}'.`)
  }
  const given = [dispatch.grid, dispatch.threads, dispatch.indirect].filter((one) => one !== undefined).length
  if (given !== 1)
    throw new DispatchError(
      `[simulator] expected one of grid, threads, indirect for '${dispatch.kernel}', got ${String(given)}.`,
    )
  const words = ['dispatch', library, encodeString(dispatch.kernel)]
  if (dispatch.indirect) words.push('indirect', `${place(dispatch.indirect)}:0`, '1', '1')
  else
    words.push(
      dispatch.grid === undefined ? 'threads' : 'groups',
      ...sizeOf(dispatch.grid ?? dispatch.threads ?? 1).map(String),
    )
  words.push(...sizeOf(dispatch.threadgroup).map(String))
  for (const [index, argument] of Object.entries(dispatch.buffers ?? [])) {
    if (argument === null) continue
    if (ArrayBuffer.isView(argument)) words.push(`${index}=b:${place(argument)}:0`)
    else if ('bytes' in argument) words.push(`${index}=v:${toHex(bytesOf(argument.bytes))}`)
    else words.push(`${index}=b:${place(argument.buffer)}:${String(argument.offset)}`)
  }
  for (const [index, bytes] of Object.entries(dispatch.threadgroupMemory ?? []))
    words.push(`${index}=t:${String(bytes)}`)
  words.push(';', ...constantWords(program, dispatch.constants), ';', encodeString(dispatch.label ?? ''))
  return words.join(' ')
}
