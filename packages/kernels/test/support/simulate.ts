/** Metal kernels of this package in metal-sim: compiled once, run in one child process, every report a failure. */
import { type Program, type Simulator, clangAvailable, compile, createSimulator } from '@metal-fp4/metal-sim'
import { afterAll, beforeAll } from 'vitest'
import { failureOf, simulatedCall } from '../../bench/simulated-call.js'
import { metalLibrary } from '../../scripts/generate/metal-library.js'
import { readMetalSource } from '../../scripts/generate/metal-sources.js'
import type { EncodedKernel } from '../../src/encode.js'
import type { KernelDefinition } from '../../src/manifest/types.js'

/** Whether there is a clang. Not under the sanitizers of test:native: theirs and the simulator's do not go together. */
export const canSimulate: boolean = process.env.METAL_FP4_TEST_KERNELS === undefined && (await clangAvailable())

/** The source of one kernel with its headers, as the library has it. */
export function sourceOf(definition: KernelDefinition): string {
  return metalLibrary([definition], readMetalSource)
}

const programs = new Map<string, Promise<Program>>()

/** The kernel, compiled by itself: another one's mistakes are not its own. */
export function programOf(definition: KernelDefinition): Promise<Program> {
  let program = programs.get(definition.name)
  if (program === undefined) {
    program = compile(sourceOf(definition), { name: `${definition.name}.metal` })
    programs.set(definition.name, program)
  }
  return program
}

let simulator: Promise<Simulator> | undefined

/** One for a test file: its kernels run in one child process, threads in a shuffled order. */
export function sharedSimulator(): Promise<Simulator> {
  return (simulator ??= createSimulator({ seed: 1 }))
}

/** Compilers may take longer than a test: the runner is built on a machine's first run, a kernel whenever it has changed. */
export const compileTimeout = 300_000

if (canSimulate) beforeAll(sharedSimulator, compileTimeout)

afterAll(async () => {
  await (await simulator)?.dispose()
  simulator = undefined
})

/** Runs a call. @throws Error with the kernel's own message, or SimulationError with everything that was reported. */
export async function simulate(definition: KernelDefinition, encoded: EncodedKernel<ArrayBufferView>): Promise<void> {
  const { dispatch, status } = simulatedCall(definition, encoded, await programOf(definition))
  await (await sharedSimulator()).run({ ...dispatch, throwOnReports: true })
  const failure = failureOf(definition, status)
  if (failure !== null) throw new Error(failure)
}
