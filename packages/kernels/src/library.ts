import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DeviceInfo, KernelLibrarySource } from '@metal-fp4/metal-core'

/** The device has no library of these kernels, or it was not built. */
export class KernelLibraryError extends Error {
  override readonly name: string = 'KernelLibraryError'
}

/**
 * The library of these kernels for a device: hand it to `device.loadLibrary`.
 * @throws KernelLibraryError when there is none, with what to do about it.
 */
export function kernelLibraryFor(info: Pick<DeviceInfo, 'backend'>): KernelLibrarySource {
  if (info.backend !== 'cpu') {
    throw new KernelLibraryError(
      `[kernels] expected a cpu device, got ${info.backend}. Its kernels are not part of this version: use createDevice({ backend: 'cpu' }).`,
    )
  }
  const path = fileURLToPath(new URL(`../build/lib/${libraryName('kernels')}`, import.meta.url))
  if (!existsSync(path)) {
    throw new KernelLibraryError(
      `[kernels] expected the library ${path}, found none. Build it: pnpm build in the repository (a C++20 compiler and cmake are needed).`,
    )
  }
  return { kind: 'shared', path }
}

/** The file name of a shared library on this platform. */
export function libraryName(name: string): string {
  return `${name}.${process.platform === 'darwin' ? 'dylib' : 'so'}`
}
