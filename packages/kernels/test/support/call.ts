/**
 * Kernels called with plain arrays, one call at a time: their CPU twins on the CPU device, their Metal sources in metal-sim, or on the
 * GPU of a Mac.
 */
import { type Device, type KernelLibrary, createDevice } from '@metal-fp4/metal-core'
import { beforeAll, describe, test } from 'vitest'
import { type EncodedKernel, encode } from '../../src/encode.js'
import { kernelLibraryFor } from '../../src/library.js'
import type { KernelDefinition } from '../../src/manifest/types.js'
import type { ArgumentsOf, ConstantsOf, ProblemOf } from '../../src/manifest/views.js'
import { testLibraryFor } from './library.js'
import { canSimulate, compileTimeout, programOf, simulate } from './simulate.js'

export interface KernelCall<D extends KernelDefinition> {
  readonly problem: ProblemOf<D>
  readonly constants?: ConstantsOf<D>
  /** Arrays that the kernel writes are changed in place; arguments may share an array. */
  readonly args: ArgumentsOf<D, ArrayBufferView>
}

/** Instruction sets that every x86-64 machine can compare with the best that it has; one that it lacks stands for a lesser one. */
export type Isa = 'best' | 'avx512' | 'avx2' | 'plain'

/** Where a call runs: a CPU's instruction set, or the simulator. */
export type Target = Isa | 'metal'

/** METAL_FP4_DEEP=1 (`pnpm test:deep`): full grids in the simulator too. */
export const deep: boolean = process.env.METAL_FP4_DEEP === '1'

const onMac = process.platform === 'darwin'
/** Why a Mac's GPU cannot run the kernels: it is that of a virtual machine. */
const gpuMissing = onMac ? (await import('@metal-fp4/metal-core/testing')).metalMissing : undefined

let device: Promise<Device> | undefined
let metal: Promise<{ device: Device; library: KernelLibrary }> | undefined
const libraries = new Map<Isa, Promise<KernelLibrary>>()

/** Runs a kernel and waits. Rejects with the kernel's message when it refuses its data, and with what the simulator reports. */
export async function call<D extends KernelDefinition>(
  definition: D,
  spec: KernelCall<D>,
  target: Target = 'best',
): Promise<void> {
  if (target === 'metal') return callMetal(definition, encode<D, ArrayBufferView>(definition, 'metal', spec))
  const running = await (device ??= createDevice({ backend: 'cpu' }))
  let library = libraries.get(target)
  if (library === undefined) {
    const source = testLibraryFor(running.info)
    library = running.loadLibrary(target === 'best' ? source : { ...source, isa: target })
    libraries.set(target, library)
  }
  const { name, ...dispatch } = encode<D, ArrayBufferView>(definition, 'cpu', spec)
  await running.dispatch(await library, name, dispatch)
}

/** On a Mac the GPU runs the kernel, which says more; elsewhere the simulator, which sees more. */
async function callMetal(definition: KernelDefinition, encoded: EncodedKernel<ArrayBufferView>): Promise<void> {
  if (!onMac) return simulate(definition, encoded)
  const { device: gpu, library } = await (metal ??= openMetal())
  const { name, ...dispatch } = encoded
  await gpu.dispatch(library, name, dispatch)
}

async function openMetal(): Promise<{ device: Device; library: KernelLibrary }> {
  const gpu = await createDevice({ backend: 'metal' })
  return { device: gpu, library: await gpu.loadLibrary(kernelLibraryFor(gpu.info)) }
}

/**
 * The same tests for a kernel's CPU twin (`best`) and its Metal source (`metal`), where it has one. Without a clang the latter are one
 * skipped test.
 */
export function describeTargets(definition: KernelDefinition, body: (target: 'best' | 'metal') => void): void {
  describe('cpu', () => {
    body('best')
  })
  if (definition.launch.metal === undefined) return
  describe('metal', () => {
    if (gpuMissing !== undefined) test.skip(`${definition.name} on the GPU (${gpuMissing})`, () => undefined)
    else if (onMac) body('metal')
    else if (canSimulate) {
      beforeAll(() => programOf(definition), compileTimeout)
      body('metal')
    } else test.skip(`${definition.name} in metal-sim (install clang-19)`, () => undefined)
  })
}

/**
 * The cases that a plain `pnpm test` has time for: all of them on a CPU or in a deep run, in the simulator those of at most
 * `most` multiply-adds (or whatever else costs the time). @throws Error when none is left.
 */
export function affordable<Case>(
  target: Target,
  cases: readonly Case[],
  cost: (one: Case) => number,
  most = 1e6,
): readonly Case[] {
  const kept = target === 'metal' && !onMac && !deep ? cases.filter((one) => cost(one) <= most) : cases
  if (kept.length === 0) throw new Error('every case is too large for the simulator: add a smaller one')
  return kept
}
