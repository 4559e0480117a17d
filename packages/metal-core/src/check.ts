import { ArgumentError } from './errors.js'

/** What a value is, for messages. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return value.length > 64 ? `'${value.slice(0, 61)}...'` : `'${value}'`
  if (typeof value === 'bigint') return `${value.toString()}n`
  if (typeof value === 'symbol' || typeof value === 'function') return `a ${typeof value}`
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? `an array of ${value.length}` : `an object (${tagOf(value)})`
}

function tagOf(value: object): string {
  try {
    return Object.prototype.toString.call(value).slice(8, -1)
  } catch {
    return 'Object'
  }
}

/** Throws {@link ArgumentError}: `[op] expected <what>, got <value>; <fix>`. */
export function refuse(op: string, what: string, got: unknown, fix?: string): never {
  throw new ArgumentError(`[${op}] expected ${what}, got ${describe(got)}${fix === undefined ? '' : `; ${fix}`}`)
}

export function checkInteger(op: string, name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value
  return refuse(op, `${name} to be an integer from ${least} to ${most}`, value)
}

export function checkObject(op: string, name: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  return refuse(op, `${name} to be an object`, value)
}

export function checkString(op: string, name: string, value: unknown): string {
  return typeof value === 'string' ? value : refuse(op, `${name} to be a string`, value)
}

export function checkLabel(op: string, value: unknown): string | undefined {
  return value === undefined ? undefined : checkString(op, 'label', value)
}

export function checkBoolean(op: string, name: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(op, `${name} to be true or false`, value)
}

/**
 * The bytes of a view, as a Uint8Array over the same memory. At least one; not detached. Memory shared between threads
 * is copied first, so that what is checked is what is used.
 */
export function bytesOf(op: string, name: string, value: unknown): Uint8Array {
  if (!ArrayBuffer.isView(value)) return refuse(op, `${name} to be a typed array or DataView`, value)
  let bytes: Uint8Array
  try {
    bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  } catch {
    return refuse(
      op,
      `${name} to be attached`,
      'a detached or shrunken view',
      'pass a view whose memory is still there',
    )
  }
  if (bytes.byteLength === 0)
    return refuse(op, `${name} to have bytes`, 'none', 'it is empty, or its memory was detached')
  return isShared(bytes) ? new Uint8Array(bytes) : bytes
}

/** Whether the memory of a view is a SharedArrayBuffer. */
export function isShared(view: ArrayBufferView): boolean {
  return Object.prototype.toString.call(view.buffer) === '[object SharedArrayBuffer]'
}
