/** One matmul kernel over a cold pool of weights, as benchmark cases. */
import { type BenchCase, type ColdPool, type SuiteContext, type Timing, coldPool } from '@metal-fp4/bench'
import type { Device, DeviceBuffer, KernelLibrary } from '@metal-fp4/metal-core'
import { type KernelDefinition, type ResolvedArgument, quantizeRowsInt8, record, resolveKernel } from '../src/index.js'
import { dequantizeRows } from '../src/oracles/int8_rows.js'
import { argumentArray } from './arrays.js'
import { checkAgainstOracle } from './check.js'

/** A kernel at one size. `m`, `n` and `k` are for the row; `problem` has the kernel's own names. */
export interface MatmulSetup {
  readonly definition: KernelDefinition
  readonly problem: Readonly<Record<string, number>>
  readonly constants: Readonly<Record<string, string>>
  readonly format: string
  readonly m: number
  readonly n: number
  readonly k: number
  /**
   * How many copies of the weights one sample goes through. All of them hide what a submission costs, as a decode step
   * with its many dispatches does; one is enough where a single run is long.
   */
  readonly copiesPerSample: 'all' | 1
  /** Of gemm_fp4: its tile. */
  readonly variant?: string
}

/** One copy of the weight arguments, by name. */
interface WeightCopy {
  readonly buffers: Readonly<Record<string, DeviceBuffer>>
  dispose(): void
}

/** Weights of a setup, whatever its rows: at least 256 MiB lie between two uses of a copy. */
function weightPool(
  { device, minColdBytes: minBytes }: SuiteContext,
  { definition, problem, constants }: MatmulSetup,
): ColdPool<WeightCopy> {
  const { args } = resolveKernel(definition, problem, constants)
  const weights = args.filter(({ bound, definition: { name } }) => bound && isWeight(name))
  const arrays = weights.map((argument) => [argument.definition.name, argumentArray(argument)] as const)
  const bytes = weights.reduce((sum, argument) => sum + argument.bytes, 0)
  return coldPool({ bytes, ...(minBytes !== undefined && { minBytes }) }, () => {
    const made = arrays.map(
      ([name, data]) => [name, device.createBuffer({ data, storage: 'private', label: name })] as const,
    )
    return {
      buffers: Object.fromEntries(made),
      dispose: () => {
        for (const [, buffer] of made) buffer.dispose()
      },
    }
  })
}

/** Names of the arguments that stay the same from token to token, in all matmul kernels. */
function isWeight(name: string): boolean {
  return ['codes', 'scales', 'columnScales', 'weights', 'B'].includes(name)
}

/** Cases of one matrix in one packing order: they share its copies, and those of several rows are compared with one row. */
export function* matmulCases(
  context: SuiteContext,
  library: KernelLibrary,
  setups: readonly MatmulSetup[],
): Generator<BenchCase> {
  if (setups.length === 0) return
  const pool = weightPool(context, setups[0])
  try {
    for (const setup of setups) {
      const single = setups.find((other) => setup.m > 1 && isSingleRowOf(other, setup))
      const products: Product[] = []
      try {
        for (const one of single ? [setup, single] : [setup]) products.push(prepare(context.device, library, one, pool))
        const [product, one] = products
        yield { ...caseOf(setup, product), ...(single && { against: { what: 'M = 1', run: one.run } }) }
      } finally {
        for (const product of products) product.dispose()
      }
    }
  } finally {
    pool.dispose()
  }
}

/** Both have to go through all copies in a sample: in turns, one would find in the caches what the other just read. */
function isSingleRowOf(
  other: MatmulSetup,
  { definition, format, variant, constants, copiesPerSample }: MatmulSetup,
): boolean {
  return (
    other.m === 1
    && copiesPerSample === 'all'
    && other.copiesPerSample === 'all'
    && other.definition === definition
    && other.format === format
    && other.variant === variant
    && other.constants.precision === constants.precision
  )
}

/** A setup's activations, output and graphs over the copies of its weights. */
interface Product {
  readonly args: readonly ResolvedArgument[]
  readonly bytes: number
  readonly operations: number
  readonly out: DeviceBuffer
  readonly run: () => Promise<Timing>
  dispose(): void
}

function prepare(
  device: Device,
  library: KernelLibrary,
  { definition, problem, constants, m, k, copiesPerSample }: MatmulSetup,
  pool: ColdPool<WeightCopy>,
): Product {
  const { args, bytes, operations } = resolveKernel(definition, problem, constants)
  const owned: { dispose(): void }[] = []
  const own = <T extends { dispose(): void }>(one: T): T => {
    owned.push(one)
    return one
  }
  const dispose = (): void => {
    for (const one of owned.splice(0).reverse()) one.dispose()
  }
  try {
    const others: Record<string, DeviceBuffer | null> = {}
    for (const argument of args.filter(({ definition: { name } }) => !isWeight(name))) {
      const { name, access } = argument.definition
      const storage = access === 'read' ? 'private' : 'shared'
      const init = access === 'read' ? { data: argumentArray(argument) } : { byteLength: argument.bytes }
      others[name] = argument.bound ? own(device.createBuffer({ ...init, storage, label: name })) : null
    }
    // In precision int8 a product is two dispatches: bytes of the activations, and what is done with them.
    const floats =
      constants.precision === 'int8'
      && own(device.createBuffer({ data: floatsOf(args, m, k), storage: 'private', label: 'floats' }))
    const perGraph = copiesPerSample === 'all' ? pool.copies.length : 1
    const graphs = pool.copies
      .filter((_, i) => i % perGraph === 0)
      .map((_, g) => {
        const graph = own(device.createGraph())
        for (const copy of pool.copies.slice(g * perGraph, (g + 1) * perGraph)) {
          if (floats) {
            const rows = { activations: floats, out: others.activations! }
            record(graph, library, quantizeRowsInt8, { problem: { m, k }, args: rows })
          }
          record(graph, library, definition, { problem, constants, args: { ...others, ...copy.buffers } })
        }
        return graph
      })
    let turn = 0
    return {
      args,
      bytes,
      operations,
      out: (others.out ?? others.C) as DeviceBuffer,
      async run() {
        const { durationNs } = await graphs[turn++ % graphs.length].submit().completed
        return { durationNs, repeats: perGraph }
      },
      dispose,
    }
  } catch (error) {
    dispose()
    throw error
  }
}

function caseOf(setup: MatmulSetup, { args, bytes, operations, out, run }: Product): BenchCase {
  const { definition, constants, format, m, n, k, variant } = setup
  return {
    kernel: definition.name,
    format,
    precision: constants.precision === 'int8' ? 'int8' : 'float32',
    m,
    n,
    k,
    bytes,
    operations,
    ...(variant !== undefined && { variant }),
    run,
    async verify() {
      const half = args.find((argument) => argument.definition.name === 'C')?.type === 'f16'
      checkFinite(definition.name, await out.read(), half)
    },
    check: () => checkAgainstOracle(setup, args, out, run),
  }
}

/** The values that the bytes of the activations stand for. */
export function floatsOf(args: readonly ResolvedArgument[], m: number, k: number): Float32Array {
  const activations = args.find(({ definition: { name } }) => name === 'activations')!
  return Float32Array.from(dequantizeRows(argumentArray(activations) as Uint32Array, m, k))
}

/** Throws when an output, float32 or half, has a value that is not finite, or is all zero: then nothing was computed. */
function checkFinite(kernel: string, bytes: Uint8Array, half: boolean): void {
  const exponent = half ? 0x7c00 : 0x7f800000
  const bits = half
    ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
    : new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  const bad = bits.findIndex((value) => (value & exponent) === exponent)
  if (bad >= 0)
    throw new Error(`[${kernel}] expected finite results, got another at element ${bad}. Run the kernel's tests.`)
  if (bits.every((value) => value === 0))
    throw new Error(`[${kernel}] expected results, got zeros only. Run the kernel's tests.`)
}
