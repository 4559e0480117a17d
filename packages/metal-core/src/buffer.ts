import { bytesOf, checkInteger, describe } from './check.js'
import { ArgumentError, DisposedError, native, nativeAsync } from './errors.js'
import type { NativeHandle, NativeProvider } from './native.js'
import type { Storage } from './types.js'

/** Bytes of a buffer: what a kernel's argument is bound to. */
export interface BufferView {
  readonly buffer: DeviceBuffer
  /** Bytes. */
  readonly offset: number
  readonly byteLength: number
}

/** What a kernel's buffer argument takes. */
export type Binding = DeviceBuffer | BufferView

/** What a buffer is made of; for the device only. */
export interface BufferInit {
  readonly provider: NativeProvider
  readonly handle: NativeHandle<'buffer'>
  readonly byteLength: number
  readonly storage: Storage
  readonly label: string | undefined
  /** Told of the memory once JavaScript can see it. */
  readonly onContents: (contents: ArrayBuffer, buffer: DeviceBuffer) => void
}

// Objects of another copy of this package (its CommonJS build, say) are recognised by it; whether the handle is good is
// for the type tag to say.
const handleKey = Symbol.for('@metal-fp4/metal-core/buffer')

/** Memory of a device, from `device.createBuffer` and its siblings. */
export class DeviceBuffer {
  readonly byteLength: number
  readonly storage: Storage
  readonly label: string | undefined
  readonly #init: BufferInit
  #contents: ArrayBuffer | undefined
  #disposed = false

  /** Use `device.createBuffer`. */
  constructor(init: BufferInit) {
    this.#init = init
    this.byteLength = init.byteLength
    this.storage = init.storage
    this.label = init.label
  }

  get disposed(): boolean {
    return this.#disposed || !this.#lives()
  }

  /**
   * The memory itself, without a copy; the same object each time. Shared buffers of at most 4 GiB only. It is detached
   * on dispose. What kernels write shows in it once their submission has completed.
   */
  contents(): ArrayBuffer {
    if (this.#contents && this.#contents.byteLength > 0) return this.#contents
    this.#contents = native(() => this.#init.provider.bufferContents(this.#handle()))
    this.#init.onContents(this.#contents, this)
    return this.#contents
  }

  /** The memory as float32; byteLength must be a multiple of 4. */
  asFloat32Array(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.contents(), 0, this.#count('asFloat32Array', 4))
  }

  /** The memory as int32; byteLength must be a multiple of 4. */
  asInt32Array(): Int32Array<ArrayBuffer> {
    return new Int32Array(this.contents(), 0, this.#count('asInt32Array', 4))
  }

  /** The memory as uint32; byteLength must be a multiple of 4. */
  asUint32Array(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.contents(), 0, this.#count('asUint32Array', 4))
  }

  /** The memory as uint16 (the bits of half or bfloat16, say); byteLength must be even. */
  asUint16Array(): Uint16Array<ArrayBuffer> {
    return new Uint16Array(this.contents(), 0, this.#count('asUint16Array', 2))
  }

  asUint8Array(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.contents())
  }

  /** A copy of the bytes as they are after everything submitted before. Private buffers and mapped files too. */
  async read(offset = 0, byteLength: number = this.byteLength - offset): Promise<Uint8Array<ArrayBuffer>> {
    this.#checkRange('buffer.read', offset, byteLength)
    return new Uint8Array(await nativeAsync(() => this.#init.provider.readBuffer(this.#handle(), offset, byteLength)))
  }

  /** Writes a copy of `data`, taken now, after everything submitted before. */
  async write(data: ArrayBufferView, offset = 0): Promise<void> {
    const bytes = bytesOf('buffer.write', 'data', data)
    this.#checkRange('buffer.write', offset, bytes.byteLength)
    await nativeAsync(() => this.#init.provider.writeBuffer(this.#handle(), offset, bytes))
  }

  /** A part of the buffer, to bind to an argument. Throws {@link ArgumentError} when it does not lie inside. */
  view(offset: number, byteLength: number = this.byteLength - offset): BufferView {
    this.#checkRange('buffer.view', offset, byteLength)
    return Object.freeze({ buffer: this, offset, byteLength })
  }

  /** Frees the memory once submissions in flight are done with it; `contents()` is detached at once. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#contents = undefined
    native(() => {
      this.#init.provider.disposeBuffer(this.#init.handle)
    })
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** The native object. Throws {@link DisposedError}. */
  #handle(): NativeHandle<'buffer'> {
    if (!this.#disposed) return this.#init.handle
    const name = this.label === undefined ? '' : ` ('${this.label}')`
    throw new DisposedError(`[buffer] expected a live buffer, got a disposed one${name}; dispose it later`)
  }

  static {
    Object.defineProperty(DeviceBuffer.prototype, handleKey, {
      get(this: DeviceBuffer) {
        return this.#handle()
      },
    })
  }

  #lives(): boolean {
    try {
      this.#init.provider.bufferByteLength(this.#init.handle)
      return true
    } catch {
      return false
    }
  }

  #count(name: string, bytes: number): number {
    if (this.byteLength % bytes === 0) return this.byteLength / bytes
    throw new ArgumentError(
      `[buffer.${name}] expected byteLength to be a multiple of ${bytes}, got ${this.byteLength}; use asUint8Array()`,
    )
  }

  #checkRange(op: string, offset: unknown, byteLength: unknown): void {
    const start = checkInteger(op, 'offset', offset, 0, this.byteLength - 1)
    checkInteger(op, 'byteLength', byteLength, 1, this.byteLength - start)
  }
}

/** A binding resolved: the native buffer and a range inside it. */
export interface ResolvedBinding {
  readonly handle: NativeHandle<'buffer'>
  readonly offset: number
  readonly byteLength: number
}

/** Resolves a DeviceBuffer or BufferView; undefined when the value is neither. Throws for a bad range. */
export function resolveBinding(op: string, value: unknown): ResolvedBinding | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined
  if (isBuffer(value)) return { handle: handleOf(value), offset: 0, byteLength: value.byteLength }
  const { buffer, offset, byteLength } = value as Partial<BufferView>
  if (typeof buffer !== 'object' || !isBuffer(buffer)) return undefined
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(byteLength)) {
    throw new ArgumentError(
      `[${op}] expected a view with offset and byteLength in bytes, got ${describe(offset)} and ${describe(byteLength)}; use buffer.view()`,
    )
  }
  const start = checkInteger(op, 'offset of the view', offset, 0, buffer.byteLength - 1)
  const length = checkInteger(op, 'byteLength of the view', byteLength, 1, buffer.byteLength - start)
  return { handle: handleOf(buffer), offset: start, byteLength: length }
}

function isBuffer(value: object): value is DeviceBuffer {
  return handleKey in value
}

function handleOf(buffer: DeviceBuffer): NativeHandle<'buffer'> {
  return (buffer as unknown as Record<symbol, NativeHandle<'buffer'>>)[handleKey]
}
