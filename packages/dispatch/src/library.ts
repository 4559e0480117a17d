/** The kernels of this project, opened once for each device. */
import { kernelLibraryFor } from '@metal-fp4/kernels'
import type { Device, KernelLibrary } from '@metal-fp4/metal-core'

const libraries = new WeakMap<Device, Promise<KernelLibrary>>()

/** The kernel library of a device; opened on the first call and kept for as long as the device is. */
export function libraryFor(device: Device): Promise<KernelLibrary> {
  const known = libraries.get(device)
  if (known) return known
  const library = load(device)
  libraries.set(device, library)
  // A failure is not kept: the next call says what is wrong then.
  library.catch(() => libraries.delete(device))
  return library
}

async function load(device: Device): Promise<KernelLibrary> {
  return device.loadLibrary(kernelLibraryFor(device.info))
}
