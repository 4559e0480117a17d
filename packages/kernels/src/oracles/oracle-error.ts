/** Data that a kernel refuses too: a token outside the vocabulary, a NaN among logits. The message reads `[kernel] what is wrong`. */
export class OracleError extends Error {
  override readonly name: string = 'OracleError'
}

/** Throws an OracleError in the name of `kernel`. */
export function refuse(kernel: string, reason: string): never {
  throw new OracleError(`[${kernel}] ${reason}`)
}
