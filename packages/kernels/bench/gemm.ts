/** GEMM for many rows, with each tile: what the policy's thresholds are read from. */
import { type Shape, type Suite, defineSuite } from '@metal-fp4/bench'
import { gemmDense, gemmFp4, kernelLibraryFor, marlinGemmFp4 } from '../src/index.js'
import { type Precision, groupSizeOf, isFp4, precisionsOf } from './formats.js'
import { type MatmulSetup, matmulCases } from './matmul-case.js'

const defaults = {
  shapes: [{ n: 4096, k: 4096 }],
  m: [16, 64, 512],
  formats: ['fp4', 'bf16'],
}

/** Rows up to which the baseline runs: it is slow, and no different with more. */
const baselineRows = 64

export const gemm: Suite = defineSuite({
  name: 'gemm',
  summary: 'one matrix times many rows, by shape, rows, format and tile; the baseline up to 64 rows',
  async *cases(context) {
    const { shapes = defaults.shapes, formats = defaults.formats, m = defaults.m } = context.filter
    const library = await context.device.loadLibrary(kernelLibraryFor(context.device.info))
    const precisions = precisionsOf(context.device.info.backend, context.filter)
    for (const shape of shapes) {
      for (const format of formats) {
        yield* matmulCases(
          context,
          library,
          m.flatMap((rows) => setupsOf(shape, format, rows, precisions)),
        )
        if (format !== 'fp4' || !precisions.includes('float32')) continue
        yield* matmulCases(
          context,
          library,
          m.filter((rows) => rows <= baselineRows).map((rows) => baseline(shape, rows)),
        )
      }
    }
  },
})

function setupsOf({ n, k }: Shape, format: string, m: number, precisions: readonly Precision[]): MatmulSetup[] {
  const shared = { format, m, n, k, copiesPerSample: 1 } as const
  if (!isFp4(format)) {
    const dense = { ...shared, definition: gemmDense, problem: { m, n, k }, constants: { type: format } }
    return precisions.includes('float32') ? [dense] : []
  }
  const setup = { ...shared, definition: gemmFp4, problem: { m, n, k, groupSize: groupSizeOf(format) } }
  return precisions.flatMap((precision) =>
    // Both tiles are one in precision int8.
    (precision === 'int8' ? ['panel'] : ['rows8', 'panel']).map((tile) => ({
      ...setup,
      constants: { format, tile, precision },
      variant: tile,
    })),
  )
}

function baseline({ n, k }: Shape, m: number): MatmulSetup {
  const problem = { M: m, N: n, K: k, group_size: groupSizeOf('fp4') }
  return { definition: marlinGemmFp4, problem, constants: {}, format: 'fp4', m, n, k, copiesPerSample: 1 }
}
