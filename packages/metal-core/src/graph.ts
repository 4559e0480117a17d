import { checkAliasing } from './aliasing.js'
import { resolveBinding, type Binding, type BufferView, type DeviceBuffer, type ResolvedBinding } from './buffer.js'
import { bytesOf, checkBoolean, checkInteger, checkLabel, checkObject, describe, refuse } from './check.js'
import { ArgumentError, native } from './errors.js'
import { kernelHandle, type Kernel } from './library.js'
import type { NativeHandle, NativeProvider } from './native.js'
import { checkSignal, rejected, track, type RecordedName, type Submission } from './submission.js'
import type { KernelArgument, Size3 } from './types.js'

export interface GraphDispatch {
  /** Threadgroups. */
  readonly grid: Size3
  /** Threads of a threadgroup. Default: one. */
  readonly threadgroup?: Size3
  /**
   * One for each argument of the kernel: a buffer, a view, or a typed array over device memory; a typed array for
   * arguments by value (copied now); null for optional ones.
   */
  readonly buffers: readonly (Binding | ArrayBufferView | null)[]
  /** For error messages and profiles. */
  readonly label?: string
}

export interface SubmitOptions {
  /** How often the graph runs. Default: 1. */
  readonly steps?: number
  /**
   * A uint32 in device memory, looked at before each step: non-zero makes the remaining ones no-ops. On the CPU it is the
   * host that looks, and it must be in memory that the host sees.
   */
  readonly done?: BufferView
  /** Times each dispatch on its own, with a barrier between. Default: false. */
  readonly profile?: boolean
  /** Looked at between steps (Metal: between command buffers); `completed` then rejects with its reason. */
  readonly signal?: AbortSignal
}

/** What a graph is made of; for the device only. */
export interface GraphInit {
  readonly provider: NativeProvider
  readonly handle: NativeHandle<'graph'>
  readonly label: string | undefined
  /** The buffer whose memory a view shows, if it is the device's. */
  readonly bufferOf: (view: ArrayBufferView) => DeviceBuffer | undefined
}

/** Dispatches recorded once and submitted many times, from `device.createGraph`. */
export class CommandGraph {
  readonly label: string | undefined
  readonly #init: GraphInit
  readonly #names: RecordedName[] = []

  /** Use `device.createGraph`. */
  constructor(init: GraphInit) {
    this.#init = init
    this.label = init.label
  }

  /** How many dispatches it has. */
  get length(): number {
    return this.#names.length
  }

  /** The stage of each dispatch: those of one stage may run at the same time, and a barrier lies between stages. */
  get stages(): readonly number[] {
    return native(() => this.#init.provider.graphStages(this.#init.handle))
  }

  /**
   * Records a dispatch. Order is kept wherever two dispatches touch the same bytes and one of them writes.
   * What a kernel writes may share no bytes with another argument, unless `mayAlias` of one names the other and both start
   * at the same byte.
   * Throws ArgumentError, DisposedError, or KernelError when the kernel refuses. Not after the first `submit`.
   */
  dispatch(kernel: Kernel, spec: GraphDispatch): this {
    const handle = kernelHandle(kernel)
    if (!handle) refuse('graph.dispatch', 'a Kernel', kernel, 'get one from library.kernel(name)')
    const op = kernel.name
    checkObject(op, 'the dispatch', spec)
    const label = checkLabel(op, spec.label)
    const numbers = [
      ...checkSize(op, 'grid', spec.grid),
      ...checkSize(op, 'threadgroup', spec.threadgroup ?? [1, 1, 1]),
    ]
    const bindings: (NativeHandle<'buffer'> | Uint8Array | null)[] = []
    const ranges: (ResolvedBinding | null)[] = []
    checkBindings(kernel, spec.buffers)
    for (const [i, argument] of kernel.arguments.entries()) {
      const resolved = this.#resolve(op, argument, spec.buffers[i])
      if (resolved === null || resolved instanceof Uint8Array) {
        bindings.push(resolved)
        ranges.push(null)
        numbers.push(0, 0)
      } else {
        bindings.push(resolved.handle)
        ranges.push(resolved)
        numbers.push(resolved.offset, resolved.byteLength)
      }
    }
    checkAliasing(kernel, ranges)
    const { provider, handle: graph } = this.#init
    native(() => {
      provider.recordDispatch(graph, handle, Float64Array.from(numbers), bindings, label ?? null)
    })
    this.#names.push({ kernel: op, label })
    return this
  }

  /**
   * Queues the graph; submissions of a device run first in, first out. Throws QueueFullError when the device has
   * `maxInFlight` of them already.
   */
  submit(options: SubmitOptions = {}): Submission {
    const op = 'graph.submit'
    checkObject(op, 'options', options)
    const steps = checkInteger(op, 'steps', options.steps ?? 1, 1, 1e9)
    const profile = checkBoolean(op, 'profile', options.profile ?? false)
    const done = options.done === undefined ? undefined : resolveBinding(op, options.done)
    if (options.done !== undefined && (!done || done.byteLength < 4)) {
      refuse(op, 'done to be a view of 4 bytes', options.done, 'use buffer.view(offset, 4)')
    }
    const signal = checkSignal(op, options.signal)
    if (signal?.aborted) return rejected(signal)
    const { provider, handle } = this.#init
    const started = native(() => provider.submitGraph(handle, steps, done?.handle ?? null, done?.offset ?? 0, profile))
    return track(provider, started, profile ? this.#names : undefined, signal)
  }

  /** Submissions in flight end as they would have. */
  dispose(): void {
    native(() => {
      this.#init.provider.disposeGraph(this.#init.handle)
    })
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #resolve(op: string, argument: KernelArgument, value: unknown): ResolvedBinding | Uint8Array | null {
    const what = `argument '${argument.name}'`
    if (value === null || value === undefined) {
      if (argument.optional) return null
      return refuse(op, `${what} to be bound`, value, 'only optional arguments may be null')
    }
    if (argument.access === 'value') {
      const bytes = bytesOf(op, what, value)
      if (bytes.byteLength === argument.valueBytes) return bytes
      return refuse(op, `${argument.valueBytes} bytes by value for ${what}`, bytes.byteLength)
    }
    let bound = value
    if (ArrayBuffer.isView(value)) {
      const buffer = this.#init.bufferOf(value)
      if (!buffer) refuse(op, `device memory for ${what}`, value, 'copy it with device.createBuffer({ data })')
      bound = { buffer, offset: value.byteOffset, byteLength: value.byteLength }
    }
    const resolved = resolveBinding(op, bound)
    if (!resolved) return refuse(op, `a DeviceBuffer or BufferView for ${what}`, value)
    // Alignment is for native code to check: a mapped file may start anywhere in its page.
    return resolved
  }
}

/** Throws unless the value is three integers from 1 to 2^32 - 1. */
export function checkSize(op: string, name: string, size: unknown): Size3 {
  const ok = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 0xffffffff
  if (Array.isArray(size) && size.length === 3) {
    const [x, y, z] = size as unknown[]
    if (ok(x) && ok(y) && ok(z)) return [x as number, y as number, z as number]
    const got = `[${[x, y, z].map((n) => describe(n)).join(', ')}]`
    throw new ArgumentError(`[${op}] expected ${name} to be [x, y, z] of integers from 1 to 4294967295, got ${got}`)
  }
  return refuse(op, `${name} to be [x, y, z]`, size, 'use 1 for unused axes')
}

/** Throws unless the value is an array with one entry for each argument. */
export function checkBindings(kernel: Kernel, buffers: unknown): void {
  if (!Array.isArray(buffers)) refuse(kernel.name, 'buffers to be an array', buffers)
  if (buffers.length === kernel.arguments.length) return
  const names = kernel.arguments.map((argument) => argument.name).join(', ')
  throw new ArgumentError(
    `[${kernel.name}] expected ${kernel.arguments.length} buffers (${names}), got ${buffers.length}; bind each, null for optional ones`,
  )
}
