/** What can go wrong, a class and a `code` for each kind. Every message reads `[op] expected X, got Y. How to mend it.` */

/** A bad option or argument of a library function or of the command line. */
export class OptionError extends Error {
  override readonly name: string = 'OptionError'
  readonly code: string = 'ERR_FP4_DECODE_OPTION'
}

/** A prompt, or a prompt with what is asked for, that does not fit the context. */
export class ContextOverflowError extends OptionError {
  override readonly name: string = 'ContextOverflowError'
  override readonly code: string = 'ERR_FP4_DECODE_CONTEXT_OVERFLOW'
}

/** Messages that a chat template refuses (a system message, say), or a template that fails. */
export class ChatTemplateError extends Error {
  override readonly name: string = 'ChatTemplateError'
  readonly code: string = 'ERR_FP4_DECODE_CHAT_TEMPLATE'
}

/** A file or a folder that cannot be read or written, and is no checkpoint's. */
export class FileError extends Error {
  override readonly name: string = 'FileError'
  readonly code: string = 'ERR_FP4_DECODE_FILE'
  readonly file: string

  constructor(message: string, file: string, options?: ErrorOptions) {
    super(message, options)
    this.file = file
  }
}

/** A file of a checkpoint that is not what it should be. */
export class CheckpointError extends Error {
  override readonly name: string = 'CheckpointError'
  readonly code: string = 'ERR_FP4_DECODE_CHECKPOINT'
  /** Path of the file. */
  readonly file: string
  /** The tensor or configuration entry, where the fault is one's. */
  readonly entry: string | undefined

  constructor(message: string, file: string, entry?: string) {
    super(message)
    this.file = file
    this.entry = entry
  }
}

/** Throws an OptionError: `[op] expected …, got …. Fix.` */
export function failOption(op: string, expected: string, got: string, fix: string): never {
  throw new OptionError(`[${op}] expected ${expected}, got ${got}. ${fix}`)
}

/** Where a file is wrong and how. */
export interface CheckpointFault {
  readonly file: string
  /** Name of the tensor, when one is at fault. */
  readonly tensor?: string
  /** Name of the entry of a JSON file, when one is at fault. */
  readonly entry?: string
  readonly expected: string
  readonly got: string
  readonly fix: string
}

/** Throws a CheckpointError: `[checkpoint] FILE, tensor "NAME": expected …, got …. Fix.` */
export function failCheckpoint({ file, tensor, entry, expected, got, fix }: CheckpointFault): never {
  const where = tensor !== undefined ? `, tensor "${tensor}"` : entry !== undefined ? `, "${entry}"` : ''
  throw new CheckpointError(
    `[checkpoint] ${file}${where}: expected ${expected}, got ${got}. ${fix}`,
    file,
    tensor ?? entry,
  )
}

/** A value, short enough for a message. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map(describe).join(', ')
    return `[${shown}${value.length > 8 ? ', …' : ''}]`
  }
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
