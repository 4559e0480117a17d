/** The expert matrices of one product, as a token uses them: a few of many experts, none of which was read lately. */
import { type BenchCase, type Shape, type Suite, type SuiteContext, copiesFor, defineSuite } from '@metal-fp4/bench'
import type { DeviceBuffer, KernelLibrary } from '@metal-fp4/metal-core'
import { kernelLibraryFor, moeGemvFp4, quantizeRowsInt8, record, resolveKernel } from '../src/index.js'
import { argumentArray } from './arrays.js'
import { checkAgainstOracle } from './check.js'
import { type Precision, groupSizeOf, isFp4, precisionsOf } from './formats.js'
import { floatsOf } from './matmul-case.js'

/** The geometry of gpt-oss-20b: 32 experts of 2880 x 2880, 4 a token. */
const geometry = { experts: 32, topK: 4, shape: { n: 2880, k: 2880 } }

const defaults = { formats: ['fp4', 'mxfp4', 'nvfp4'], m: [1] }

export const experts: Suite = defineSuite({
  name: 'experts',
  summary: `moe_gemv_fp4 alone: ${geometry.experts} experts of --shape (default ${geometry.shape.n}x${geometry.shape.k}), ${geometry.topK} a token`,
  async *cases(context) {
    const { shapes = [geometry.shape], formats = defaults.formats, m = defaults.m } = context.filter
    const library = await context.device.loadLibrary(kernelLibraryFor(context.device.info))
    const precisions = precisionsOf(context.device.info.backend, context.filter)
    for (const shape of shapes) {
      for (const format of formats.filter(isFp4)) {
        for (const rows of m.filter((count) => count <= 8)) {
          for (const precision of precisions) yield* expertCase(context, library, shape, format, precision, rows)
        }
      }
    }
  },
})

function* expertCase(
  { device, minColdBytes }: SuiteContext,
  library: KernelLibrary,
  { n, k }: Shape,
  format: 'fp4' | 'mxfp4' | 'nvfp4',
  precision: Precision,
  m: number,
): Generator<BenchCase> {
  const { experts: count, topK } = geometry
  const problem = { m, n, k, groupSize: groupSizeOf(format), experts: count, topK }
  const constants = { format, epilogue: 'none', input: 'shared', precision } as const
  const { args, operations } = resolveKernel(moeGemvFp4, problem, constants)
  const isWeight = (name: string): boolean => ['codes', 'scales', 'columnScales'].includes(name)
  const weights = args.filter(({ definition, bound }) => bound && isWeight(definition.name))
  const allBytes = weights.reduce((sum, { bytes }) => sum + bytes, 0)
  const owned: { dispose(): void }[] = []
  const own = <T extends { dispose(): void }>(one: T): T => {
    owned.push(one)
    return one
  }
  try {
    const activations = args.find(({ definition }) => definition.name === 'activations')!
    const x = own(device.createBuffer({ data: argumentArray(activations), storage: 'private', label: 'activations' }))
    // In precision int8 a product is two dispatches: bytes of the activations, and what is done with them.
    const floats =
      precision === 'int8'
      && own(device.createBuffer({ data: floatsOf(args, m, k), storage: 'private', label: 'floats' }))
    const out = own(device.createBuffer({ byteLength: m * topK * n * 4, storage: 'shared', label: 'out' }))
    // All rows of a turn choose the same experts: each is read once for all of them. Turns go through all experts.
    const turns = count / topK
    const ids = Array.from({ length: turns }, (_, turn) => {
      const data = Uint32Array.from({ length: m * topK }, (_, i) => turn * topK + (i % topK))
      return own(device.createBuffer({ data, storage: 'private', label: 'ids' }))
    })
    const arrays = weights.map((argument) => [argument.definition.name, argumentArray(argument)] as const)
    const copies = Array.from({ length: copiesFor(allBytes, minColdBytes) }, () =>
      Object.fromEntries(
        arrays.map(
          ([name, data]) => [name, own(device.createBuffer({ data, storage: 'private', label: name }))] as const,
        ),
      ),
    )
    const graphs = copies.map((copy: Readonly<Record<string, DeviceBuffer>>) => {
      const graph = own(device.createGraph({ label: 'experts' }))
      for (const chosen of ids) {
        const bound = { activations: x, ids: chosen, columnScales: null, ...copy, out }
        if (floats) {
          record(graph, library, quantizeRowsInt8, { problem: { m, k }, args: { activations: floats, out: x } })
        }
        record(graph, library, moeGemvFp4, { problem, constants, args: bound as never })
      }
      return graph
    })
    let next = 0
    yield {
      kernel: moeGemvFp4.name,
      variant: `${topK} of ${count} experts`,
      format,
      precision,
      m,
      n,
      k,
      bytes: (allBytes * topK) / count + x.byteLength + out.byteLength,
      operations,
      extra: { experts: count, topK },
      async run() {
        const { durationNs } = await graphs[next++ % graphs.length].submit().completed
        return { durationNs, repeats: turns }
      },
      check: () => {
        // What `out` holds after a graph is its last turn.
        const last = Uint32Array.from({ length: m * topK }, (_, i) => (turns - 1) * topK + (i % topK))
        const setup = { definition: moeGemvFp4, problem, constants, m: m * topK, n, k, inputs: { ids: last } }
        return checkAgainstOracle(setup, args, out, () => graphs[0].submit().completed)
      },
    }
  } finally {
    for (const one of owned.reverse()) one.dispose()
  }
}
