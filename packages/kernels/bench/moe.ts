/** One mixture-of-experts layer as a decode step runs it: router, top-k, gate and up, down, weighted sum, as one graph. */
import { type BenchCase, type Shape, type Suite, type SuiteContext, coldBytes, defineSuite } from '@metal-fp4/bench'
import type { DeviceBuffer, KernelLibrary } from '@metal-fp4/metal-core'
import {
  gemvDense,
  kernelLibraryFor,
  moeCombine,
  moeGemvFp4,
  moeRouterTopk,
  quantizeRowsInt8,
  record,
  resolveKernel,
} from '../src/index.js'
import { type ArgumentArray, argumentArray } from './arrays.js'
import { type Precision, groupSizeOf, isFp4, precisionsOf } from './formats.js'

/**
 * The geometry of GLM-4.7-Flash, whose layer of about 125 ms is where the project started: 64 experts of 2048 -> 1536 ->
 * 2048, 4 a token (without its shared expert, which is two ordinary matrices). Its experts take 311 MB in fp4.
 */
const layer = { experts: 64, topK: 4, shape: { n: 1536, k: 2048 } }

export const moe: Suite = defineSuite({
  name: 'moe',
  summary: `an MoE layer, ${layer.experts} experts of --shape (default ${layer.shape.n}x${layer.shape.k}), ${layer.topK} a token`,
  async *cases(context) {
    const { shapes = [layer.shape], formats = ['mxfp4'], m = [1] } = context.filter
    const library = await context.device.loadLibrary(kernelLibraryFor(context.device.info))
    const precisions = precisionsOf(context.device.info.backend, context.filter)
    for (const shape of shapes) {
      for (const format of formats.filter(isFp4)) {
        for (const rows of m.filter((count) => count <= 8)) {
          for (const precision of precisions) yield* layerCase(context, library, shape, format, precision, rows)
        }
      }
    }
  },
})

type Constants = Readonly<Record<string, string>>

function* layerCase(
  { device, minColdBytes = coldBytes }: SuiteContext,
  library: KernelLibrary,
  { n, k }: Shape,
  format: 'fp4' | 'mxfp4' | 'nvfp4',
  precision: Precision,
  m: number,
): Generator<BenchCase> {
  const { experts, topK } = layer
  const groupSize = groupSizeOf(format)
  const owned: { dispose(): void }[] = []
  const own = <T extends { dispose(): void }>(one: T): T => {
    owned.push(one)
    return one
  }
  const upload = (data: ArgumentArray, label: string): DeviceBuffer =>
    own(device.createBuffer({ data, storage: 'private', label }))
  const floats = (label: string, count: number): DeviceBuffer =>
    own(device.createBuffer({ byteLength: 4 * count, label }))

  const router = { problem: { m, n: experts, k }, constants: { type: 'f32' } } as const
  const choose = {
    problem: { m, n: experts, topK, scalingFactor: 1.8 },
    constants: { scoring: 'sigmoid', normalize: 'on', bias: 'on' },
  } as const
  const gateUp = {
    problem: { m, n, k, groupSize, experts, topK },
    constants: { format, epilogue: 'swiglu', input: 'shared', precision },
  } as const
  const down = {
    problem: { m, n: k, k: n, groupSize, experts, topK },
    constants: { format, epilogue: 'none', input: 'perSlot', precision },
  } as const
  const combine = { problem: { m, k, topK }, constants: { residual: 'on' } } as const

  /** codes, scales and columnScales of all experts of one of the two matrices. */
  const expertWeights = (spec: {
    problem: typeof gateUp.problem
    constants: Constants
  }): Record<string, DeviceBuffer | null> => {
    const { args } = resolveKernel(moeGemvFp4, spec.problem, spec.constants)
    const weights = args.filter(({ definition }) => ['codes', 'scales', 'columnScales'].includes(definition.name))
    return Object.fromEntries(
      weights.map((argument) => {
        const { name } = argument.definition
        return [name, argument.bound ? upload(argumentArray(argument), name) : null]
      }),
    )
  }
  try {
    const hidden = upload(
      Float32Array.from({ length: m * k }, (_, i) => Math.sin(i)),
      'hidden',
    )
    const routerWeights = upload(
      Float32Array.from({ length: experts * k }, (_, i) => 0.02 * Math.cos(i)),
      'router',
    )
    const logits = floats('logits', m * experts)
    const ids = floats('ids', m * topK)
    const weights = floats('weights', m * topK)
    const gated = floats('gated', m * topK * n)
    const expertOut = floats('expertOut', m * topK * k)
    const out = floats('out', m * k)
    const bytes =
      precision === 'int8' && floats('bytes', 6 * Math.max(m * Math.ceil(k / 16), m * topK * Math.ceil(n / 16)))
    /** What an expert product is given for rows of float32. */
    const activationsOf = (rows: DeviceBuffer, count: number, width: number): DeviceBuffer => {
      if (!bytes) return rows
      const args = { activations: rows, out: bytes }
      record(graph, library, quantizeRowsInt8, { problem: { m: count, k: width }, args })
      return bytes
    }
    const gateUpWeights = expertWeights(gateUp)
    const downWeights = expertWeights(down)

    // Router biases take the experts in turn, four at a time: no expert is read again before all others were.
    const turns = experts / topK
    const graph = own(device.createGraph({ label: 'moe_layer' }))
    for (let turn = 0; turn < turns; turn++) {
      const bias = upload(
        Float32Array.from({ length: experts }, (_, e) => (Math.floor(e / topK) === turn ? 100 : 0)),
        'bias',
      )
      record(graph, library, gemvDense, {
        ...router,
        args: { activations: hidden, weights: routerWeights, out: logits },
      })
      record(graph, library, moeRouterTopk, { ...choose, args: { logits, bias, ids, weights } })
      record(graph, library, moeGemvFp4, {
        ...gateUp,
        args: { activations: activationsOf(hidden, m, k), ids, ...gateUpWeights, out: gated } as never,
      })
      record(graph, library, moeGemvFp4, {
        ...down,
        args: { activations: activationsOf(gated, m * topK, n), ids, ...downWeights, out: expertOut } as never,
      })
      record(graph, library, moeCombine, { ...combine, args: { expertOut, weights, residual: hidden, out } })
    }
    const expertBytes = [...Object.values(gateUpWeights), ...Object.values(downWeights)].reduce(
      (sum, buffer) => sum + (buffer?.byteLength ?? 0),
      0,
    )
    yield {
      kernel: 'moe_layer',
      format,
      precision,
      m,
      n,
      k,
      bytes: (expertBytes * topK) / experts + routerWeights.byteLength + 2 * hidden.byteLength,
      operations: 2 * m * k * experts + 2 * m * topK * 3 * n * k,
      // All experts lie between two uses of one: few of them stay in a cache.
      cached: expertBytes < minColdBytes,
      extra: { experts, topK },
      async run() {
        const { durationNs } = await graph.submit().completed
        return { durationNs, repeats: turns }
      },
      async verify() {
        const bytes = await out.read()
        const values = new Float32Array(bytes.buffer, bytes.byteOffset, m * k)
        const bad = values.findIndex((value) => !Number.isFinite(value))
        if (bad >= 0)
          throw new Error(
            `[moe_layer] expected finite results, got ${values[bad]} at element ${bad}. Run the kernels' tests.`,
          )
      },
    }
  } finally {
    for (const one of owned.reverse()) one.dispose()
  }
}
