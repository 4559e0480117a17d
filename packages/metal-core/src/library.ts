import { checkInteger, checkObject, checkString } from './check.js'
import { native } from './errors.js'
import type { Device } from './device.js'
import type { NativeHandle, NativeProvider } from './native.js'
import type { DispatchSpec } from './options.js'
import type { Submission } from './submission.js'
import type { Backend, DeviceInfo, FunctionConstants, KernelArgument, SubmissionResult } from './types.js'

/** What a library is made of; for the device only. */
export interface LibraryInit {
  readonly provider: NativeProvider
  readonly handle: NativeHandle<'library'>
  readonly device: Device
}

// Kernels of another copy of this package are recognised by it.
const handleKey = Symbol.for('@metal-fp4/metal-core/kernel')

/** Kernels loaded by `device.loadLibrary`. */
export class KernelLibrary {
  /** Of the device that it was loaded on. */
  readonly backend: Backend
  /** The device that it was loaded on. */
  readonly info: DeviceInfo
  /** Names, in the order of the library. */
  readonly kernels: readonly string[]
  /** What the library chose for this processor: 'avx512vnni', 'avx512', 'avx2', 'neondot', 'neon', 'plain'; undefined on a GPU. */
  readonly isa: string | undefined
  readonly #init: LibraryInit
  readonly #cache = new Map<string, Kernel>()

  /** Use `device.loadLibrary`. */
  constructor(init: LibraryInit) {
    this.#init = init
    this.info = init.device.info
    this.backend = this.info.backend
    const { isa, kernels } = native(() => init.provider.libraryInfo(init.handle))
    this.isa = isa === '' ? undefined : isa
    this.kernels = Object.freeze([...kernels])
  }

  /**
   * Looks a kernel up, without waiting for a compiler: a GPU device compiles the pipeline in the background, and the first
   * submission that uses it waits for it, without blocking. Throws ArgumentError when there is none of that name, or for
   * a constant that it does not have.
   */
  kernel(name: string, constants: FunctionConstants = {}): Kernel {
    const op = 'library.kernel'
    checkString(op, 'name', name)
    const entries = Object.entries(checkObject(op, 'constants', constants)).sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [key, value] of entries) checkInteger(op, `constant '${key}'`, value, 0, 0xffffffff)
    const key = JSON.stringify([name, entries])
    const cached = this.#cache.get(key)
    if (cached) return cached
    const { provider, handle } = this.#init
    const values = Float64Array.from(entries, ([, value]) => value as number)
    const names = entries.map(([key]) => key)
    const kernel = new Kernel(
      provider,
      native(() => provider.createKernel(handle, name, names, values)),
    )
    this.#cache.set(key, kernel)
    return kernel
  }

  /** Runs one kernel; see `device.dispatch`. */
  dispatch(name: string, spec: DispatchSpec & { readonly wait: false }): Promise<Submission>
  dispatch(name: string, spec: DispatchSpec & { readonly wait?: true }): Promise<SubmissionResult>
  dispatch(name: string, spec: DispatchSpec): Promise<SubmissionResult | Submission>
  dispatch(name: string, spec: DispatchSpec): Promise<SubmissionResult | Submission> {
    return this.#init.device.dispatch(this, name, spec)
  }

  /** Its kernels cannot be recorded any more. It is unloaded once the graphs that use it are gone. */
  dispose(): void {
    this.#cache.clear()
    native(() => {
      this.#init.provider.disposeLibrary(this.#init.handle)
    })
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** A kernel with its function constants fixed, from `library.kernel`. */
export class Kernel {
  readonly name: string
  readonly arguments: readonly KernelArgument[]
  /** All of them, defaults included. */
  readonly constants: FunctionConstants

  /** Use `library.kernel`. */
  constructor(provider: NativeProvider, handle: NativeHandle<'kernel'>) {
    const info = native(() => provider.kernelInfo(handle))
    this.name = info.name
    this.arguments = Object.freeze(info.arguments.map((argument) => Object.freeze({ ...argument })))
    this.constants = Object.freeze({ ...info.constants })
    Object.defineProperty(this, handleKey, { value: handle })
  }
}

/** The native kernel of a Kernel, also of another copy of this package; undefined for anything else. */
export function kernelHandle(value: unknown): NativeHandle<'kernel'> | undefined {
  if (typeof value !== 'object' || value === null || !(handleKey in value)) return undefined
  return (value as Record<symbol, NativeHandle<'kernel'>>)[handleKey]
}
