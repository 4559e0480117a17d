/** Mixtures of experts for the tests of both kernels. */
import { createDevice } from '@metal-fp4/metal-core'
import { encode } from '../../src/encode.js'
import type { KernelDefinition } from '../../src/manifest/types.js'
import type { KernelCall } from './call.js'
import { testLibraryFor } from './library.js'
import { uniform } from './random.js'

/** Which experts rows choose: each row its own, all rows those of the first, or every slot of every row one and the same. */
export type Choice = 'own' | 'shared' | 'one'

export type Shape = readonly [string, m: number, n: number, k: number, experts: number, topK: number, choice: Choice]

export const shapes: readonly Shape[] = [
  ['one row', 1, 64, 128, 8, 2, 'own'],
  ['more rows for an expert than go together', 30, 40, 72, 4, 3, 'own'],
  ['every row to every expert', 9, 65, 133, 3, 3, 'own'],
  ['one expert', 3, 16, 40, 1, 1, 'own'],
  // Fewer experts are chosen than the grid has room for.
  ['rows that share experts', 4, 70, 40, 16, 2, 'shared'],
  ['many rows that share experts', 8, 40, 40, 16, 4, 'shared'],
  ['all rows to one of the experts', 9, 70, 24, 5, 1, 'one'],
]

export type Epilogue = 'none' | 'swiglu'
export type Input = 'shared' | 'perSlot'

/** The experts of each row, distinct unless the choice is `one`. */
export function chooseExperts([, m, , , experts, topK, choice]: Shape): Uint32Array {
  const random = uniform(m + experts)
  const ids: number[] = []
  for (let row = 0; row < m; row++) {
    const left = Array.from({ length: experts }, (_, i) => i)
    for (let slot = 0; slot < topK; slot++) ids.push(...left.splice(Math.floor(random() * left.length), 1))
  }
  return Uint32Array.from(ids, (id, pair) => ({ own: id, shared: ids[pair % topK], one: ids[0] })[choice])
}

/** Runs a CPU kernel on so many threads (fewer where there are fewer cores), which cut its grid in as many parts or more. */
export async function callOnThreads<D extends KernelDefinition>(
  threads: number,
  definition: D,
  spec: KernelCall<D>,
): Promise<void> {
  using device = await createDevice({ backend: 'cpu', threads })
  using library = await device.loadLibrary(testLibraryFor(device.info))
  const { name, ...dispatch } = encode<D, ArrayBufferView>(definition, 'cpu', spec)
  await device.dispatch(library, name, dispatch)
}
