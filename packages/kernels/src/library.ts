import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type DeviceInfo, type KernelLibrarySource, openNativePart } from '@metal-fp4/metal-core'
import { describeKernel } from './describe-kernel.js'
import { manifest } from './manifest/index.js'

/** The device has no library of these kernels, or it cannot be loaded; then `cause` is a NativeLoadError of metal-core. */
export class KernelLibraryError extends Error {
  override readonly name: string = 'KernelLibraryError'
  readonly code: string = 'ERR_KERNELS_LIBRARY'
}

/**
 * The library of these kernels for a device: hand it to `device.loadLibrary`. A shared library for a CPU; for Metal one source, with
 * a description of each kernel.
 * @throws KernelLibraryError when there is none, with what to do about it.
 */
export function kernelLibraryFor(info: Pick<DeviceInfo, 'backend'>): KernelLibrarySource {
  switch (info.backend) {
    case 'cpu':
      return { kind: 'shared', path: cpuLibrary() }
    case 'metal':
      return metalSource()
    case 'cuda':
      throw new KernelLibraryError(
        `[kernels] expected a cpu or metal device, got ${info.backend}. Its kernels are not part of this version: use createDevice({ backend: 'cpu' }).`,
      )
  }
}

/** The file name of a shared library on this platform. */
export function libraryName(name: string): string {
  return `${name}.${process.platform === 'darwin' ? 'dylib' : 'so'}`
}

function metalSource(): KernelLibrarySource {
  return {
    kind: 'metal',
    name: 'metal-fp4 kernels',
    source: readFileSync(built('generated/metal/kernels.metal'), 'utf8'),
    kernels: manifest.filter(({ launch }) => launch.metal !== undefined).map(describeKernel),
  }
}

let cpuPath: string | undefined

/** Built in this package's folder, else that of the prebuilt package `@metal-fp4/kernels-<os>-<cpu>`. */
function cpuLibrary(): string {
  try {
    cpuPath ??= openNativePart(
      {
        package: '@metal-fp4/kernels',
        root: new URL('..', import.meta.url),
        built: `build/lib/${libraryName('kernels')}`,
        what: 'CPU kernels',
      },
      (path) => path,
    )
  } catch (cause) {
    throw new KernelLibraryError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
  return cpuPath
}

/** The path of what the build made, the same from src and from dist. */
function built(file: string): string {
  const path = fileURLToPath(new URL(`../build/${file}`, import.meta.url))
  if (existsSync(path)) return path
  throw new KernelLibraryError(
    `[kernels] expected the Metal sources in ${path}, found none. Install the package again; in the repository: npx -y pnpm@10 build.`,
  )
}
