/** A bad argument or bad data. The message reads `[op] expected X, got Y. How to fix it.` */
export class QuantizationError extends Error {
  override readonly name: string = 'QuantizationError'
}

/** Throws a QuantizationError: `[op] expected …, got …. Fix.` */
export function fail(op: string, expected: string, got: string, fix: string): never {
  throw new QuantizationError(`[${op}] expected ${expected}, got ${got}. ${fix}`)
}

/** What a caller passed, short enough for an error message: `Uint8Array(16)`, `"fp5"`, `null`. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (ArrayBuffer.isView(value)) {
    const length = (value as ArrayBufferView & { length?: number }).length ?? value.byteLength
    return `${Object.prototype.toString.call(value).slice(8, -1)}(${length})`
  }
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map(describe)
    return `[${shown.join(', ')}${value.length > 8 ? ', …' : ''}]`
  }
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value).slice(8, -1)
  if (typeof value === 'function') return 'a function'
  return Object.is(value, -0) ? '-0' : String(value)
}

/** `values` as a typed array of the named kind, wherever it was made (another realm's arrays fail `instanceof`). */
export function isTypedArray(
  values: unknown,
  kind: 'Float32Array' | 'Uint8Array' | 'Uint16Array' | 'Uint32Array',
): boolean {
  return Object.prototype.toString.call(values) === `[object ${kind}]`
}

/** `code` when it is an integer in 0..max, else a QuantizationError in the name of `op`. */
export function checkCode(op: string, code: number, max: number): number {
  if (Number.isInteger(code) && code >= 0 && code <= max) return code
  return fail(op, `an integer code in 0..${max}`, describe(code), 'Mask the bits before decoding them.')
}
