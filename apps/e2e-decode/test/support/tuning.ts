/** What the tuner has to do on this machine. */
import { policies, profileOfLibrary, libraryFor } from '@metal-fp4/dispatch'
import { createDevice } from '@metal-fp4/metal-core'
import { fieldAt } from '../../bench/tune/sweep.js'

/** Whether float32 products have a choice of kernels on the CPU: with AVX2 they have none. */
export async function canChoose(): Promise<boolean> {
  using device = await createDevice({ backend: 'cpu', threads: 1 })
  const fallback = policies.find(({ name }) => name === 'cpu')!
  const asked = { fallback, precision: 'float32', shapes: [{ n: 64, k: 128 }], formats: ['fp4'], m: [1] } as const
  return fieldAt(1, asked, profileOfLibrary(await libraryFor(device))) === 'some'
}
