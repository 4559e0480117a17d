import type { DeviceInfo, KernelLibrarySource } from '@metal-fp4/metal-core'
import { kernelLibraryFor } from '../../src/library.js'

/** The library under test: the built one, or the one that METAL_FP4_TEST_KERNELS names (scripts/test-native.mjs). */
export function testLibraryFor(info: DeviceInfo): Extract<KernelLibrarySource, { readonly kind: 'shared' }> {
  const path = process.env.METAL_FP4_TEST_KERNELS
  if (path !== undefined) return { kind: 'shared', path }
  const source = kernelLibraryFor(info)
  if (source.kind !== 'shared') throw new Error(`expected a shared library, got ${source.kind}`)
  return source
}
