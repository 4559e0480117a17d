/** A problem, weights or activations that do not fit. The message reads `[op] expected X, got Y. How to fix it.` */
export class DispatchError extends Error {
  override readonly name: string = 'DispatchError'
}

/** Throws a DispatchError: `[op] expected …, got …. Fix.` */
export function fail(op: string, expected: string, got: string, fix: string): never {
  throw new DispatchError(`[${op}] expected ${expected}, got ${got}. ${fix}`)
}
