/**
 * How much of the work that a Metal kernel executes is useful, counted by metal-sim with instrumented arithmetic: every multiply-add,
 * padding included. Inputs have no zeros but for padding (without-zeros.ts), so that a product with a zero factor is waste.
 */
import { type CountingCase, type CountingSuite, type Shape, defineCountingSuite } from '@metal-fp4/bench'
import type { Program, Simulator } from '@metal-fp4/metal-sim'
import {
  type KernelDefinition,
  decodeGemvFp4Wide,
  encode,
  gemmFp4,
  gemvFp4,
  gemvFp4Partial,
  kernelLibraryFor,
  marlinGemmFp4,
  resolveKernel,
} from '../src/index.js'
import type { ArgumentArray } from './arrays.js'
import { groupSizeOf, isFp4 } from './formats.js'
import { simulatedCall } from './simulated-call.js'
import { argumentWithoutZeros } from './without-zeros.js'

const defaults = {
  m: [1, 2, 4, 8, 16, 64],
  shapes: [{ n: 512, k: 256 }],
  /** For one row, besides: as large as decoding meets, and still seconds for an interpreter. */
  oneRow: [{ n: 1024, k: 1024 }],
  formats: ['fp4'],
}

export const utilization: CountingSuite = defineCountingSuite({
  name: 'utilization',
  summary:
    'useful and executed multiply-adds of the Metal kernels, counted in metal-sim (clang 19); runs when it is named',
  async *counts({ filter, signal }) {
    const { m = defaults.m, shapes, formats = defaults.formats } = filter
    // Only who counts needs the simulator, and a compiler.
    const { compile, createSimulator } = await import('@metal-fp4/metal-sim')
    const library = kernelLibraryFor({ backend: 'metal' })
    if (library.kind !== 'metal') throw new Error(`[utilization] expected a Metal source, got ${library.kind}.`)
    const program = await compile(library.source, { name: 'kernels.metal', mode: 'counting', signal })
    const simulator = await createSimulator({ count: true, seed: 1 })
    try {
      for (const format of formats.filter(isFp4)) {
        for (const rows of m) {
          for (const shape of shapes ?? [...defaults.shapes, ...(rows === 1 ? defaults.oneRow : [])]) {
            for (const setup of setupsOf(shape, format, rows)) yield caseOf(setup, simulator, program)
          }
        }
      }
    } finally {
      await simulator.dispose()
    }
  },
})

/** Ranges of K, for the kernel that cuts it up. */
const splits = 2

interface Setup extends Shape {
  readonly definition: KernelDefinition
  readonly problem: Readonly<Record<string, number>>
  readonly constants: Readonly<Record<string, string>>
  readonly format: string
  readonly m: number
  readonly variant?: string
}

/** The baselines, and the kernels that ship for these rows. */
function setupsOf({ n, k }: Shape, format: 'fp4' | 'mxfp4' | 'nvfp4', m: number): Setup[] {
  const groupSize = groupSizeOf(format)
  const shared = { format, m, n, k }
  const problem = { m, n, k, groupSize }
  const baseline = { ...shared, problem: { M: m, N: n, K: k, group_size: groupSize }, constants: {} }
  const setups: Setup[] = []
  if (format === 'fp4') {
    setups.push({ ...baseline, definition: marlinGemmFp4 }, { ...baseline, definition: decodeGemvFp4Wide })
  }
  if (m <= 8) {
    const rows = m === 1 ? 'one' : m === 2 ? 'two' : m <= 4 ? 'four' : 'eight'
    setups.push({ ...shared, definition: gemvFp4, problem, constants: { format, rows } })
    const partial = { problem: { ...problem, splits }, constants: { format, rows }, variant: `${splits} splits` }
    setups.push({ ...shared, ...partial, definition: gemvFp4Partial })
  } else {
    const tile = m <= 64 ? 'rows8' : 'panel'
    setups.push({ ...shared, definition: gemmFp4, problem, constants: { format, tile }, variant: tile })
  }
  return setups
}

function caseOf(setup: Setup, simulator: Simulator, program: Program): CountingCase {
  const { definition, problem, constants, variant, ...row } = setup
  return {
    kernel: definition.name,
    ...row,
    ...(variant === undefined ? {} : { variant }),
    async count() {
      const { args } = resolveKernel(definition, problem, constants, 'metal')
      const arrays: Record<string, ArgumentArray | null> = {}
      for (const one of args) arrays[one.definition.name] = one.bound ? argumentWithoutZeros(one, row) : null
      const encoded = encode<KernelDefinition, ArrayBufferView>(definition, 'metal', {
        problem,
        constants,
        args: arrays,
      })
      const { dispatch } = simulatedCall(definition, encoded, program)
      const { counts } = await simulator.run({ ...dispatch, throwOnReports: true })
      const { usefulMultiplyAdds, executedMultiplyAdds, bytesRead, uniqueBytesRead } = counts[0]
      return { usefulMultiplyAdds, executedMultiplyAdds, bytesRead, uniqueBytesRead }
    },
  }
}
