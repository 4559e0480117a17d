export { createDevice, systemLimits, type CreateDeviceOptions } from './create-device.js'
export { Device } from './device.js'
export type { BufferDataOptions, BufferOptions, DispatchSpec, MapFileOptions } from './options.js'
export { DeviceBuffer, type Binding, type BufferView } from './buffer.js'
export { Kernel, KernelLibrary } from './library.js'
export { CommandGraph, type GraphDispatch, type SubmitOptions } from './graph.js'
export type { Submission } from './submission.js'
export type { AllocatedArray, AllocationConstructor, AllocationType } from './allocation.js'
export {
  ArgumentError,
  BackendUnavailableError,
  DeviceLostError,
  DisposedError,
  FileMapError,
  KernelError,
  KernelLibraryError,
  MetalCoreError,
  NativeLoadError,
  OutOfMemoryError,
  QueueFullError,
  type LoadAttempt,
} from './errors.js'
export { loadAddon, type Addon, type NativeHandle, type NativeProvider } from './native.js'
export { openNativePart, type NativePart } from './platform.js'
export type * from './types.js'
