/** What can go wrong: a class and a stable `code` for each kind. Messages read `[op] expected X, got Y. How to fix it.` */

/** A bad argument or bad data. */
export class QuantizationError extends Error {
  override readonly name: string = 'QuantizationError'
  readonly code: string = 'ERR_FP4_QUANT_ARGUMENT'
}

/** An option of packing or of a pool that cannot be: for a command, a fault of its command line. */
export class OptionError extends QuantizationError {
  override readonly name: string = 'OptionError'
  override readonly code: string = 'ERR_FP4_QUANT_OPTION'
}

/** A tensor that a layout cannot hold, or arrays that are not of the layout they are said to be. */
export class LayoutError extends QuantizationError {
  override readonly name: string = 'LayoutError'
  override readonly code: string = 'ERR_FP4_QUANT_LAYOUT'
}

/** A safetensors file that is not what it should be. */
export class SafetensorsError extends Error {
  override readonly name: string = 'SafetensorsError'
  readonly code: string = 'ERR_FP4_QUANT_SAFETENSORS'
  /** Name of the file, as the source gave it. */
  readonly file: string
  /** The tensor at fault, where the fault is one's. */
  readonly tensor: string | undefined
  readonly expected: string
  readonly got: string
  readonly fix: string

  constructor({ file, tensor, expected, got, fix }: SafetensorsFault) {
    const where = tensor === undefined ? '' : `, tensor ${describe(tensor)}`
    super(`[safetensors] ${file}${where}: expected ${expected}, got ${got}. ${fix}`)
    this.file = file
    this.tensor = tensor
    this.expected = expected
    this.got = got
    this.fix = fix
  }
}

/** Where a file is wrong, and how. */
export interface SafetensorsFault {
  readonly file: string
  readonly tensor?: string | undefined
  readonly expected: string
  readonly got: string
  readonly fix: string
}

/** A pool of workers that was disposed, cannot start, or lost a worker. */
export class PoolError extends Error {
  override readonly name: string = 'PoolError'
  readonly code: string = 'ERR_FP4_QUANT_POOL'
}

/** Throws a QuantizationError: `[op] expected …, got …. Fix.` */
export function fail(op: string, expected: string, got: string, fix: string): never {
  throw new QuantizationError(`[${op}] expected ${expected}, got ${got}. ${fix}`)
}

/** Throws an OptionError: `[op] expected …, got …. Fix.` */
export function failOption(op: string, expected: string, got: string, fix: string): never {
  throw new OptionError(`[${op}] expected ${expected}, got ${got}. ${fix}`)
}

/** Throws a LayoutError: `[op] expected …, got …. Fix.` */
export function failLayout(op: string, expected: string, got: string, fix: string): never {
  throw new LayoutError(`[${op}] expected ${expected}, got ${got}. ${fix}`)
}

/** Longest text of one value in a message: names in a file may be megabytes. */
const shownLetters = 80

/** What a caller passed, short enough for an error message: `Uint8Array(16)`, `"fp5"`, `null`. */
export function describe(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > shownLetters ? `${value.slice(0, shownLetters)}…` : value)
  }
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
