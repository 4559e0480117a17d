/** A bad flag, option or suite. The message reads `[op] expected X, got Y. How to fix it.` */
export class BenchError extends Error {
  override readonly name: string = 'BenchError'
}

/** Throws a BenchError: `[op] expected …, got …. Fix.` */
export function fail(op: string, expected: string, got: string, fix: string): never {
  throw new BenchError(`[${op}] expected ${expected}, got ${got}. ${fix}`)
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
