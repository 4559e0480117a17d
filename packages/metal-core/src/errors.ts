/** Base of all errors of metal-core. Messages read `[op] expected X, got Y; the fix`. Tell kinds apart by `code`. */
export class MetalCoreError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** A wrong type, size, range or alignment, an unknown kernel, or an object of another device. */
export class ArgumentError extends MetalCoreError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_METAL_CORE_ARGUMENT', message, options)
  }
}

/** The object, or the device it belongs to, was disposed. */
export class DisposedError extends MetalCoreError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_METAL_CORE_DISPOSED', message, options)
  }
}

/** The system, or the device, has not enough memory. */
export class OutOfMemoryError extends MetalCoreError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_METAL_CORE_OUT_OF_MEMORY', message, options)
  }
}

/** A file cannot be opened or mapped, or ends before the range asked for. */
export class FileMapError extends MetalCoreError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_METAL_CORE_FILE', message, options)
  }
}

/** A kernel library cannot be loaded, or its table is malformed. */
export class KernelLibraryError extends MetalCoreError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_METAL_CORE_LIBRARY', message, options)
  }
}

/** A kernel refused a dispatch when it was recorded, or failed while it ran. */
export class KernelError extends MetalCoreError {
  /** Name of the kernel. */
  readonly kernel: string
  /** Label of the dispatch, where it had one. */
  readonly label: string | undefined
  constructor(message: string, kernel: string, label: string | undefined, options?: ErrorOptions) {
    super('ERR_METAL_CORE_KERNEL', message, options)
    this.kernel = kernel
    this.label = label
  }
}

/** The backend asked for cannot be had on this system. */
export class BackendUnavailableError extends MetalCoreError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_METAL_CORE_UNAVAILABLE', message, options)
  }
}

/** More submissions in flight than `maxInFlight`. */
export class QueueFullError extends MetalCoreError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_METAL_CORE_QUEUE_FULL', message, options)
  }
}

/** The system took the device away, or the process' access to it: dispose it and create another. */
export class DeviceLostError extends MetalCoreError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_METAL_CORE_DEVICE_LOST', message, options)
  }
}

/** One place where a native part was looked for, and why it is not used. */
export interface LoadAttempt {
  readonly path: string
  /** What the system says, or how a child process that opened it ended. */
  readonly cause: string
}

/** A native part (the addon, the CPU kernels) cannot be loaded. The message says what to do. */
export class NativeLoadError extends MetalCoreError {
  /** 'linux-x64 (glibc 2.36, Node v20.20.2)' */
  readonly platform: string
  readonly attempts: readonly LoadAttempt[]
  constructor(message: string, platform: string, attempts: readonly LoadAttempt[], options?: ErrorOptions) {
    super('ERR_METAL_CORE_NATIVE_LOAD', message, options)
    this.platform = platform
    this.attempts = attempts
  }
}

const classes: Readonly<Record<string, new (message: string, options?: ErrorOptions) => MetalCoreError>> = {
  ERR_METAL_CORE_ARGUMENT: ArgumentError,
  ERR_METAL_CORE_DISPOSED: DisposedError,
  ERR_METAL_CORE_OUT_OF_MEMORY: OutOfMemoryError,
  ERR_METAL_CORE_FILE: FileMapError,
  ERR_METAL_CORE_LIBRARY: KernelLibraryError,
  ERR_METAL_CORE_UNAVAILABLE: BackendUnavailableError,
  ERR_METAL_CORE_QUEUE_FULL: QueueFullError,
  ERR_METAL_CORE_DEVICE_LOST: DeviceLostError,
}

interface NativeError extends Error {
  readonly code?: unknown
  readonly kernel?: unknown
  readonly label?: unknown
}

/** The class for an error that native code threw; anything else is passed on as it is. */
export function fromNative(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof MetalCoreError) return error
  const { code, kernel, label, message } = error as NativeError
  if (code === 'ERR_METAL_CORE_KERNEL') {
    const name = typeof kernel === 'string' ? kernel : ''
    return new KernelError(message, name, typeof label === 'string' && label !== '' ? label : undefined)
  }
  if (typeof code !== 'string' || !Object.hasOwn(classes, code)) return error
  return new classes[code](message)
}

/** Calls native code and gives its errors their classes. */
export function native<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw fromNative(error)
  }
}

/** The same for a promise of native code. */
export async function nativeAsync<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw fromNative(error)
  }
}
