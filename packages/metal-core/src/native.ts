import { createRequire } from 'node:module'
import { openNativePart, type NativePart } from './platform.js'
import type { Access, Backend, DeviceInfo, KernelDescription, Storage } from './types.js'

declare const kind: unique symbol
/** An object of the addon: opaque, with a Node-API type tag that every native function checks. */
export interface NativeHandle<Kind extends string> {
  readonly [kind]: Kind
}

export interface NativeKernelInfo {
  readonly name: string
  readonly arguments: readonly {
    readonly name: string
    readonly access: Access
    readonly alignment: number
    readonly valueBytes: number
    readonly optional: boolean
    readonly mayAlias?: string
  }[]
  readonly constants: Readonly<Record<string, number>>
}

export interface NativeOutcome {
  readonly startNs: number
  readonly endNs: number
  readonly steps: number
  readonly cancelled: boolean
  /** Profile mode: start and end of each dispatch in the order run; otherwise empty. */
  readonly times: Float64Array
  /** Profile mode, where the device knows: nanoseconds in the kernel of the thread with the most to do, a dispatch each. */
  readonly busy: Float64Array
  /** Profile mode: nanoseconds that reading the clock takes; 0 where the host's clock is not what times dispatches. */
  readonly clockNs: number
}

type DeviceHandle = NativeHandle<'device'>
type BufferHandle = NativeHandle<'buffer'>
type LibraryHandle = NativeHandle<'library'>
type KernelHandle = NativeHandle<'kernel'>
type GraphHandle = NativeHandle<'graph'>
type SubmissionHandle = NativeHandle<'submission'>

/**
 * The functions of a native addon with devices. metal-core's own is the default; another (a Metal device of one's own,
 * say) may be handed to `createDevice({ provider })`. Errors carry a `code` (see errors.ts).
 */
export interface NativeProvider {
  /** Best first. */
  backends(): readonly Backend[]
  /** threads: 0 means as many as cores. */
  createDevice(backend: Backend, threads: number, maxInFlight: number): DeviceHandle
  deviceInfo(device: DeviceHandle): Promise<DeviceInfo>
  disposeDevice(device: DeviceHandle): void
  createBuffer(device: DeviceHandle, byteLength: number, storage: Storage, data: Uint8Array | null): BufferHandle
  /** byteLength 0: to the end of the file. */
  mapFile(device: DeviceHandle, path: string, offset: number, byteLength: number): BufferHandle
  bufferByteLength(buffer: BufferHandle): number
  bufferContents(buffer: BufferHandle): ArrayBuffer
  readBuffer(buffer: BufferHandle, offset: number, byteLength: number): Promise<ArrayBuffer>
  writeBuffer(buffer: BufferHandle, offset: number, data: Uint8Array): Promise<void>
  disposeBuffer(buffer: BufferHandle): void
  /** The handle, or a promise of it: compiling source must not block. */
  loadLibrary(
    device: DeviceHandle,
    kind: string,
    text: string,
    name: string | null,
    isa: string | null,
    kernels?: readonly KernelDescription[],
  ): LibraryHandle | Promise<LibraryHandle>
  libraryInfo(library: LibraryHandle): { readonly isa: string; readonly kernels: readonly string[] }
  disposeLibrary(library: LibraryHandle): void
  createKernel(library: LibraryHandle, name: string, constants: readonly string[], values: Float64Array): KernelHandle
  kernelInfo(kernel: KernelHandle): NativeKernelInfo
  createGraph(device: DeviceHandle): GraphHandle
  /** numbers: grid x, y, z, threadgroup x, y, z, then the offset and size in bytes of each binding. */
  recordDispatch(
    graph: GraphHandle,
    kernel: KernelHandle,
    numbers: Float64Array,
    bindings: readonly (BufferHandle | Uint8Array | null)[],
    label: string | null,
  ): void
  graphStages(graph: GraphHandle): readonly number[]
  submitGraph(
    graph: GraphHandle,
    steps: number,
    done: BufferHandle | null,
    doneOffset: number,
    profile: boolean,
  ): { readonly submission: SubmissionHandle; readonly completed: Promise<NativeOutcome> }
  cancelSubmission(submission: SubmissionHandle): void
  disposeGraph(graph: GraphHandle): void
}

/** metal-core's own addon has more: what the process may use. `root` stands before /proc and /sys, for tests. */
export interface Addon extends NativeProvider {
  systemLimits(root?: string): {
    readonly cores: number
    readonly affinityCores: number
    /** 0: no quota. */
    readonly quotaCores: number
    readonly memoryBytes: number
  }
}

// Both src/ and dist/ are folders of the package.
const part: NativePart = {
  package: '@metal-fp4/metal-core',
  root: new URL('..', import.meta.url),
  built: 'build/Release/metal_core.node',
  what: 'native addon',
}

let addon: Addon | undefined

/**
 * The addon of this package: built in its folder, else the prebuilt one of `@metal-fp4/metal-core-<os>-<cpu>`. Throws
 * {@link NativeLoadError} with the platform, what was tried, why it failed and what to do.
 */
export function loadAddon(): Addon {
  addon ??= openNativePart(part, (path) => createRequire(import.meta.url)(path) as Addon)
  return addon
}
