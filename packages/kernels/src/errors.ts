/** A problem, constant or argument that does not fit a kernel. The message reads `[kernel] expected X, got Y. Fix.` */
export class KernelArgumentError extends Error {
  override readonly name: string = 'KernelArgumentError'
  /** The kernel, as the manifest names it. */
  readonly kernel: string

  constructor(kernel: string, expected: string, got: string, fix: string) {
    super(`[${kernel}] expected ${expected}, got ${got}. ${fix}`)
    this.kernel = kernel
  }
}

/** What a caller passed, short enough for an error message. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (ArrayBuffer.isView(value)) {
    const length = (value as ArrayBufferView & { length?: number }).length ?? value.byteLength
    return `${Object.prototype.toString.call(value).slice(8, -1)}(${length})`
  }
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value).slice(8, -1)
  if (typeof value === 'function') return 'a function'
  return String(value)
}
