import { resolve } from 'node:path'
import { allocationType, type AllocatedArray, type AllocationConstructor, type AllocationType } from './allocation.js'
import { DeviceBuffer } from './buffer.js'
import { bytesOf, checkBoolean, checkInteger, checkLabel, checkObject, checkString, isShared, refuse } from './check.js'
import { checkDescriptions } from './description.js'
import { DisposedError, native, nativeAsync } from './errors.js'
import { checkBindings, CommandGraph } from './graph.js'
import { KernelLibrary } from './library.js'
import type { NativeHandle, NativeProvider } from './native.js'
import { stage } from './one-shot.js'
import type { BufferDataOptions, BufferOptions, DispatchSpec, MapFileOptions } from './options.js'
import type { Submission } from './submission.js'
import type { DeviceInfo, KernelLibrarySource, Storage, SubmissionResult } from './types.js'

/** What a device is made of; for `createDevice` only. */
export interface DeviceInit {
  readonly provider: NativeProvider
  readonly handle: NativeHandle<'device'>
  readonly info: DeviceInfo
}

/** A compute device, from `createDevice`. */
export class Device {
  readonly info: DeviceInfo
  readonly #provider: NativeProvider
  readonly #handle: NativeHandle<'device'>
  #disposed = false
  /** Device memory that JavaScript sees: which buffer it is. */
  readonly #buffers = new WeakMap<ArrayBufferLike, DeviceBuffer>()
  /** Constants uploaded before, by memory and range. */
  readonly #uploads = new WeakMap<ArrayBufferLike, Map<string, DeviceBuffer>>()

  /** Use `createDevice`. */
  constructor(init: DeviceInit) {
    this.info = init.info
    this.#provider = init.provider
    this.#handle = init.handle
  }

  get disposed(): boolean {
    return this.#disposed
  }

  /**
   * Memory that starts on a page of 16 KiB: zeros, or a copy of `data`.
   * Throws ArgumentError, OutOfMemoryError or DisposedError.
   */
  createBuffer(options: BufferOptions | BufferDataOptions): DeviceBuffer {
    const op = 'device.createBuffer'
    checkObject(op, 'options', options)
    const { data, byteLength, storage = 'shared', label } = options as Partial<BufferOptions & BufferDataOptions>
    if ((data === undefined) === (byteLength === undefined)) {
      refuse(op, 'either byteLength or data', data === undefined ? 'neither' : 'both')
    }
    const bytes = data === undefined ? null : bytesOf(op, 'data', data)
    const length = bytes ? bytes.byteLength : checkInteger(op, 'byteLength', byteLength, 1, Number.MAX_SAFE_INTEGER)
    if ((storage as unknown) !== 'shared' && (storage as unknown) !== 'private') {
      refuse(op, "storage to be 'shared' or 'private'", storage)
    }
    checkLabel(op, label)
    const device = this.#live(op)
    return this.#wrap(
      native(() => this.#provider.createBuffer(device, length, storage, bytes)),
      storage,
      label,
    )
  }

  /**
   * A private copy of data that does not change, such as weights. The same memory and range give the same buffer while
   * it lives: it belongs to all who asked for it, so leave its disposal to the device.
   */
  upload(data: ArrayBufferView, options: { readonly label?: string } = {}): DeviceBuffer {
    const op = 'device.upload'
    const bytes = bytesOf(op, 'data', data)
    checkObject(op, 'options', options)
    const label = checkLabel(op, options.label)
    const cached = this.#uploads.get(data.buffer) ?? new Map<string, DeviceBuffer>()
    const key = `${data.byteOffset}:${data.byteLength}`
    const known = cached.get(key)
    if (known && !known.disposed) return known
    const device = this.#live(op)
    const handle = native(() => this.#provider.createBuffer(device, bytes.byteLength, 'private', bytes))
    const buffer = this.#wrap(handle, 'private', label)
    if (!isShared(data)) this.#uploads.set(data.buffer, cached.set(key, buffer)) // shared memory is never constant
    return buffer
  }

  /** A typed array over new shared device memory, zero-filled. Dispatches use it without a copy. */
  allocate<T extends AllocationType | AllocationConstructor>(type: T, length: number): AllocatedArray<T> {
    const op = 'device.allocate'
    const View = allocationType(op, type)
    const count = checkInteger(op, 'length', length, 1, Math.floor(2 ** 32 / View.BYTES_PER_ELEMENT))
    const buffer = this.createBuffer({ byteLength: count * View.BYTES_PER_ELEMENT })
    return new View(buffer.contents(), 0, count) as AllocatedArray<T>
  }

  /** The buffer whose memory `view` shows: that of `allocate` or `contents()` of this device; otherwise undefined. */
  bufferOf(view: ArrayBufferView): DeviceBuffer | undefined {
    if (!ArrayBuffer.isView(view)) refuse('device.bufferOf', 'a typed array or DataView', view)
    return this.#buffers.get(view.buffer)
  }

  /**
   * A file as read-only device memory, without reading it; larger than 4 GiB too. Do not truncate the file meanwhile:
   * reading the missing part ends the process (SIGBUS). Throws FileMapError.
   */
  mapFile(path: string, options: MapFileOptions = {}): DeviceBuffer {
    const op = 'device.mapFile'
    checkString(op, 'path', path)
    if (path === '' || path.includes('\0')) refuse(op, 'path to name a file', path)
    checkObject(op, 'options', options)
    const offset = checkInteger(op, 'offset', options.offset ?? 0, 0, Number.MAX_SAFE_INTEGER)
    const asked = options.byteLength
    const byteLength = asked === undefined ? 0 : checkInteger(op, 'byteLength', asked, 1, Number.MAX_SAFE_INTEGER)
    const label = checkLabel(op, options.label) ?? path
    const device = this.#live(op)
    return this.#wrap(
      native(() => this.#provider.mapFile(device, resolve(path), offset, byteLength)),
      'private',
      label,
    )
  }

  /** Loads kernels; source is compiled without blocking. Rejects with ArgumentError, DisposedError, KernelLibraryError. */
  async loadLibrary(source: KernelLibrarySource): Promise<KernelLibrary> {
    const op = 'device.loadLibrary'
    const fields = checkObject(op, 'source', source)
    const kind = fields.kind
    if (kind !== 'shared' && kind !== 'metal' && kind !== 'metallib') {
      return refuse(op, "kind to be 'shared', 'metal' or 'metallib'", kind)
    }
    const text = checkString(op, kind === 'metal' ? 'source' : 'path', kind === 'metal' ? fields.source : fields.path)
    if (text.includes('\0')) refuse(op, 'text without NUL characters', 'one')
    const name = fields.name === undefined ? null : checkString(op, 'name', fields.name)
    const isa = fields.isa === undefined ? null : checkString(op, 'isa', fields.isa)
    const kernels = kind === 'shared' ? [] : checkDescriptions(op, fields.kernels)
    const device = this.#live(op)
    const path = kind === 'metal' ? text : resolve(text)
    const handle = await nativeAsync(async () => this.#provider.loadLibrary(device, kind, path, name, isa, kernels))
    this.#live(op)
    return new KernelLibrary({ provider: this.#provider, handle, device: this })
  }

  /** An empty graph. */
  createGraph(options: { readonly label?: string } = {}): CommandGraph {
    const op = 'device.createGraph'
    checkObject(op, 'options', options)
    const label = checkLabel(op, options.label)
    const device = this.#live(op)
    const handle = native(() => this.#provider.createGraph(device))
    return new CommandGraph({
      provider: this.#provider,
      handle,
      label,
      bufferOf: (view) => this.#buffers.get(view.buffer),
    })
  }

  /**
   * Runs one kernel: the plain form. Typed arrays of JavaScript are copied to the device and, where the kernel writes
   * them, back when it has finished. For what runs often, record a CommandGraph.
   */
  dispatch(library: KernelLibrary, name: string, spec: DispatchSpec & { readonly wait: false }): Promise<Submission>
  dispatch(
    library: KernelLibrary,
    name: string,
    spec: DispatchSpec & { readonly wait?: true },
  ): Promise<SubmissionResult>
  dispatch(library: KernelLibrary, name: string, spec: DispatchSpec): Promise<SubmissionResult | Submission>
  async dispatch(library: KernelLibrary, name: string, spec: DispatchSpec): Promise<SubmissionResult | Submission> {
    const op = 'device.dispatch'
    if (typeof (library as Partial<KernelLibrary> | null | undefined)?.kernel !== 'function') {
      refuse(op, 'a KernelLibrary', library, 'get one from device.loadLibrary()')
    }
    checkObject(op, 'the dispatch', spec)
    const wait = checkBoolean(op, 'wait', spec.wait ?? true)
    this.#live(op)
    const kernel = library.kernel(name, spec.constants)
    checkBindings(kernel, spec.buffers)
    const graph = this.createGraph()
    const staged = stage(this, kernel, spec.buffers)
    let submission: Submission
    try {
      submission = graph.dispatch(kernel, { ...spec, buffers: staged.buffers }).submit()
    } catch (error) {
      staged.dispose()
      throw error
    } finally {
      graph.dispose()
    }
    const finish = async (): Promise<SubmissionResult> => {
      try {
        const result = await submission.completed
        staged.copyBack()
        return result
      } finally {
        staged.dispose()
      }
    }
    const completed = finish()
    if (wait) return completed
    completed.catch(() => undefined) // as with CommandGraph.submit
    return { completed }
  }

  /**
   * Ends the device: its buffers are disposed, what JavaScript sees of their memory is detached, and submissions that
   * have not completed are rejected with DisposedError. Does not wait.
   */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    native(() => {
      this.#provider.disposeDevice(this.#handle)
    })
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #live(op: string): NativeHandle<'device'> {
    if (!this.#disposed) return this.#handle
    throw new DisposedError(`[${op}] expected a live device, got a disposed one; create another with createDevice()`)
  }

  #wrap(handle: NativeHandle<'buffer'>, storage: Storage, label: string | undefined): DeviceBuffer {
    return new DeviceBuffer({
      provider: this.#provider,
      handle,
      byteLength: native(() => this.#provider.bufferByteLength(handle)),
      storage,
      label,
      onContents: (contents, buffer) => {
        this.#buffers.set(contents, buffer)
      },
    })
  }
}
