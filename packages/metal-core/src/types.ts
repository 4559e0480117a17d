/** Where a device runs. */
export type Backend = 'cpu' | 'metal' | 'cuda'

/** `shared` memory is visible to JavaScript; `private` memory is the device's alone and may be faster. */
export type Storage = 'shared' | 'private'

/** How a kernel uses an argument. `value`: bytes passed by value (at most 4096). */
export type Access = 'read' | 'write' | 'read_write' | 'value'

/** x, y, z. */
export type Size3 = readonly [x: number, y: number, z: number]

export interface DeviceInfo {
  readonly backend: Backend
  /** What the system calls the device, e.g. "AMD EPYC" or "Apple M4 Max". */
  readonly name: string
  /**
   * Compute units: cores that this process may use (affinity and cgroup limits included), GPU cores (0: the system does not
   * tell), multiprocessors.
   */
  readonly cores: number
  /** Threads of the CPU device's pool; 0 on a GPU. */
  readonly threads: number
  /** Bytes of memory that the device can use. */
  readonly memoryBytes: number
  /** Measured when the device is created: a large copy, bytes read plus bytes written, in GB/s (1e9 bytes). */
  readonly copyGigabytesPerSecond: number
  /** Instruction sets (cpu: 'avx512vnni', 'avx512', 'avx2', 'neondot', 'neon') or GPU families (metal: 'apple7', …), best first. */
  readonly features: readonly string[]
  /** Alignment in bytes that lets a range of memory be used by the device without a copy. */
  readonly pageBytes: number
  /** Alignment in bytes of a (buffer, offset) argument that every kernel may rely on. */
  readonly offsetAlignment: number
  /** Most threads in a threadgroup (cpu: 1024, as on Metal). */
  readonly maxThreadsPerThreadgroup: number
}

export interface DeviceOptions {
  /** Ask for one backend; without it the best that works is taken. */
  readonly backend?: Backend
  /** CPU: threads of the pool. Default: the cores that the process may use; more are clamped, with a warning. */
  readonly threads?: number
  /** Submissions, reads and writes that may be in flight at once (1 to 65536). Default: 256. */
  readonly maxInFlight?: number
  /** Called with warnings, instead of `process.emitWarning`. */
  readonly onWarning?: (message: string) => void
}

/** Instruction sets that a library of CPU kernels is offered; `avx512vnni` is AVX-512 with VNNI and VBMI, `neondot` NEON with dot products. */
export type CpuIsa = 'avx512vnni' | 'avx512' | 'avx2' | 'neondot' | 'neon' | 'plain'

/** Where kernels come from; `@metal-fp4/kernels` makes one of its own for a device with `kernelLibraryFor(device.info)`. */
export type KernelLibrarySource =
  /**
   * A shared library behind `cpu_kernel.h`. `isa`: the best instruction set to offer it, to compare code paths; by
   * default all that the processor has.
   */
  | { readonly kind: 'shared'; readonly path: string; readonly isa?: CpuIsa }
  /** Metal Shading Language, compiled at run time (also lowered to CUDA). `kernels`: see KernelDescription. */
  | {
      readonly kind: 'metal'
      readonly source: string
      readonly name?: string
      readonly kernels?: readonly KernelDescription[]
    }
  /** A Metal library compiled before. */
  | { readonly kind: 'metallib'; readonly path: string; readonly kernels?: readonly KernelDescription[] }

/**
 * What is to be known of a Metal kernel before its pipeline is compiled, and what its source cannot say. Kernels of a library
 * that come without one are compiled when the library is loaded, and described by the compiler's reflection.
 */
export interface KernelDescription {
  readonly name: string
  /** Argument i is `[[buffer(i)]]`; those by value are `constant` references. */
  readonly arguments: readonly KernelArgument[]
  /** Function constant i is `[[function_constant(i)]]`, a uint. */
  readonly constants: readonly { readonly name: string; readonly defaultValue: number; readonly maxValue: number }[]
  /**
   * Messages of failures. When there are any, `device atomic_uint*` is bound after the last argument: four words, zero before
   * the dispatch, into which the kernel writes 1 + the index of a message and up to two words for its `{0}` and `{1}`.
   */
  readonly failures: readonly string[]
}

export interface KernelArgument {
  readonly name: string
  readonly access: Access
  /** Bytes. */
  readonly alignment: number
  /** Bytes, of a by-value argument; otherwise 0. */
  readonly valueBytes: number
  readonly optional: boolean
  /** The argument whose range this one may equal, so that the kernel works in place; otherwise none may overlap. */
  readonly mayAlias?: string
}

/** Values of a kernel's function constants by name; those left out keep their defaults. Booleans are 0 and 1. */
export type FunctionConstants = Readonly<Record<string, number>>

/** Start and end on the device's clock in nanoseconds (a monotonic clock; only differences mean something). */
export interface Interval {
  readonly startNs: number
  readonly endNs: number
}

export interface DispatchTime extends Interval {
  readonly kernel: string
  readonly label: string | undefined
  /** Which step of the submission, from 0. */
  readonly step: number
  /**
   * Nanoseconds that the thread with the most to do spent in the kernel; the rest of the interval is handing out work and waiting for it.
   * CPU devices only.
   */
  readonly busyNs?: number
}

export interface SubmissionResult extends Interval {
  /** endNs - startNs. */
  readonly durationNs: number
  /** Steps begun with the `done` flag clear: fewer than asked for when it was set on the way. */
  readonly steps: number
  /** In profile mode: the time of each dispatch, in the order run. */
  readonly dispatches?: readonly DispatchTime[]
  /**
   * In profile mode on a CPU: nanoseconds that reading the clock takes. `durationNs` has three readings or more for each dispatch, and its
   * `busyNs` about one.
   */
  readonly clockNs?: number
}
