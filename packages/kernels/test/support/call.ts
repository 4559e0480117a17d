/** Kernels called with plain arrays on the CPU device, one call at a time. */
import { type Device, type KernelLibrary, createDevice } from '@metal-fp4/metal-core'
import { encode } from '../../src/encode.js'
import type { KernelDefinition } from '../../src/manifest/types.js'
import type { ArgumentsOf, ConstantsOf, ProblemOf } from '../../src/manifest/views.js'
import { testLibraryFor } from './library.js'

export interface KernelCall<D extends KernelDefinition> {
  readonly problem: ProblemOf<D>
  readonly constants?: ConstantsOf<D>
  /** Arrays that the kernel writes are changed in place; arguments may share an array. */
  readonly args: ArgumentsOf<D, ArrayBufferView>
}

/** Instruction sets that every x86-64 machine can compare with the best that it has. */
export type Isa = 'best' | 'avx2' | 'plain'

let device: Promise<Device> | undefined
const libraries = new Map<Isa, Promise<KernelLibrary>>()

/** Runs a kernel and waits. Rejects with the kernel's message when it refuses its data. */
export async function call<D extends KernelDefinition>(
  definition: D,
  spec: KernelCall<D>,
  isa: Isa = 'best',
): Promise<void> {
  const running = await (device ??= createDevice({ backend: 'cpu' }))
  let library = libraries.get(isa)
  if (library === undefined) {
    const source = testLibraryFor(running.info)
    library = running.loadLibrary(isa === 'best' ? source : { ...source, isa })
    libraries.set(isa, library)
  }
  const { name, ...dispatch } = encode<D, ArrayBufferView>(definition, 'cpu', spec)
  await running.dispatch(await library, name, dispatch)
}
