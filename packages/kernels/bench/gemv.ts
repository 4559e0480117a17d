/** GEMV for 1 to 8 rows, and the baselines it replaces. */
import { type Shape, type Suite, defineSuite } from '@metal-fp4/bench'
import { decodeGemvFp4Wide, gemvDense, gemvFp4, kernelLibraryFor, marlinGemmFp4 } from '../src/index.js'
import { type MatmulSetup, matmulCases } from './matmul-case.js'
import { type Precision, groupSizeOf, isFp4, precisionsOf } from './formats.js'

const defaults = {
  shapes: [
    { n: 4096, k: 4096 },
    { n: 4096, k: 14336 },
  ],
  m: [1, 4],
  formats: ['fp4', 'mxfp4', 'nvfp4', 'bf16'],
}

/** The baselines are so slow that one shape is enough: the one that the targets were stated for. */
const baselineShape: Shape = { n: 4096, k: 4096 }

export const gemv: Suite = defineSuite({
  name: 'gemv',
  summary: 'one matrix times 1 to 8 rows, by shape, rows and format; the baselines at 4096x4096, M = 1',
  async *cases(context) {
    const { shapes = defaults.shapes, formats = defaults.formats, m = defaults.m } = context.filter
    const library = await context.device.loadLibrary(kernelLibraryFor(context.device.info))
    const rows = m.filter((count) => count <= 8)
    const precisions = precisionsOf(context.device.info.backend, context.filter)
    for (const shape of shapes) {
      for (const format of formats) {
        yield* matmulCases(
          context,
          library,
          rows.flatMap((count) => setupsOf(shape, format, count, precisions)),
        )
      }
      const { n, k } = baselineShape
      const wanted = formats.includes('fp4') && rows.includes(1) && precisions.includes('float32')
      if (shape.n !== n || shape.k !== k || !wanted) continue
      yield* matmulCases(context, library, baselines(shape))
    }
  },
})

/** gemv_fp4 in each precision, or gemv_dense for a dense type. */
export function setupsOf({ n, k }: Shape, format: string, m: number, precisions: readonly Precision[]): MatmulSetup[] {
  const shared = { format, m, n, k, copiesPerSample: 'all' } as const
  if (!isFp4(format)) {
    const dense = { ...shared, definition: gemvDense, problem: { m, n, k }, constants: { type: format } }
    return precisions.includes('float32') ? [dense] : []
  }
  const problem = { m, n, k, groupSize: groupSizeOf(format) }
  return precisions.map((precision) => ({ ...shared, definition: gemvFp4, problem, constants: { format, precision } }))
}

function baselines({ n, k }: Shape): MatmulSetup[] {
  const problem = { M: 1, N: n, K: k, group_size: groupSizeOf('fp4') }
  return [decodeGemvFp4Wide, marlinGemmFp4].map((definition) => ({
    definition,
    problem,
    constants: {},
    format: 'fp4',
    m: 1,
    n,
    k,
    copiesPerSample: 1,
  }))
}
