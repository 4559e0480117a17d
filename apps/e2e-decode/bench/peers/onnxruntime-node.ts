/**
 * One matrix beside onnxruntime-node. It has no kernels for FP4 that are worth a race; its MatMulNBits reads integers of four bits in
 * blocks with a scale, as many bytes as ours, and is what its users run.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Contest,
  type ContestContext,
  type ContestSuite,
  type Shape,
  type Timing,
  copiesFor,
  defineContestSuite,
} from '@metal-fp4/bench'
import {
  type Choice,
  type Fp4Weights,
  libraryFor,
  recordMatmul,
  scratchForMatmul,
  uploadFp4,
} from '@metal-fp4/dispatch'
import { type Fp4Format, formatInfo, quantize } from '@metal-fp4/fp4-quant'
import type { Device } from '@metal-fp4/metal-core'
import { type Rival, fastestOf } from './fastest.js'
import { onnxModel } from './onnx-model.js'

const defaults = {
  shapes: [
    { n: 4096, k: 4096 },
    { n: 4096, k: 14336 },
  ],
  m: [1, 2, 4, 8, 32],
}

/** Integers that share a scale: 128 as `fp4` has, so that both read 4.125 or 4.25 bits a weight. */
const block = 128

export const onnxruntimeNode: ContestSuite = defineContestSuite({
  name: 'onnxruntime-node',
  summary: 'one matrix times --m rows against MatMulNBits of onnxruntime-node; with --peer onnxruntime-node',
  peer: 'onnxruntime-node',
  async *contests(setting) {
    const { shapes = defaults.shapes, formats = ['fp4'] } = setting.filter
    for (const shape of shapes) {
      for (const format of (['fp4', 'mxfp4', 'nvfp4'] as const).filter((one) => formats.includes(one))) {
        try {
          yield* matrixContests(setting, shape, format)
        } catch (error) {
          setting.onFailure(`${format} ${shape.n}x${shape.k}`, error)
        }
      }
    }
  },
})

async function* matrixContests(setting: ContestContext, shape: Shape, format: Fp4Format): AsyncGenerator<Contest> {
  const { device, filter, minColdBytes } = setting
  const { n, k } = shape
  if (k % block !== 0)
    throw new RangeError(
      `[onnxruntime-node] expected K to be a multiple of ${block}, got ${k}. Choose another --shape.`,
    )
  const bytes = (n * k) / 2 + (n * k * formatInfo[format].scaleBytes) / formatInfo[format].defaultGroupSize
  const copies = copiesFor(bytes, minColdBytes)
  const weights = await weightPool(device, shape, format, copies)
  try {
    for (const m of filter.m ?? defaults.m) {
      const rival = await fastestRival(setting, shape, copies, m)
      try {
        using product = await ownProduct(device, weights, shape, m)
        yield {
          kernel: 'matmul',
          format,
          precision: product.precision,
          m,
          n,
          k,
          bytes: product.bytes,
          operations: product.operations,
          // Float32 scales of its blocks, and the same rows.
          peerBytes: (n * k) / 2 + (4 * n * k) / block + 4 * m * (n + k),
          peerSettings: describe(rival.settings),
          ours: () => product.run(),
          peer: () => rival.ask<Timing>('run', { m, k, copies }),
        }
      } finally {
        rival.dispose()
      }
    }
  } finally {
    for (const one of weights) one.dispose()
  }
}

/** The same matrix in as many places as the cold pool wants. */
async function weightPool(
  device: Device,
  { n, k }: Shape,
  format: Fp4Format,
  copies: number,
): Promise<readonly Fp4Weights[]> {
  const values = Float32Array.from({ length: n * k }, (_, i) => Math.sin(i * 12.9898) / Math.sqrt(k))
  const quantized = quantize(values, { n, k, format })
  const made: Fp4Weights[] = []
  try {
    while (made.length < copies) made.push(await uploadFp4(device, quantized))
    return made
  } catch (error) {
    for (const one of made) one.dispose()
    throw error
  }
}

interface OwnProduct extends Pick<Choice, 'precision' | 'bytes' | 'operations'> {
  run(): Promise<Timing>
  [Symbol.dispose](): void
}

/** One graph over all copies, as the peer's model is, timed on the host's clock as the peer is. */
async function ownProduct(
  device: Device,
  weights: readonly Fp4Weights[],
  { n, k }: Shape,
  m: number,
): Promise<OwnProduct> {
  const library = await libraryFor(device)
  const data = Float32Array.from({ length: m * k }, (_, i) => Math.sin(i))
  const owned: { dispose(): void }[] = []
  const own = <T extends { dispose(): void }>(one: T): T => {
    owned.push(one)
    return one
  }
  const dispose = (): void => {
    for (const one of owned.reverse()) one.dispose()
  }
  try {
    const activations = own(device.createBuffer({ data, storage: 'private', label: 'activations' }))
    const out = own(device.createBuffer({ byteLength: m * n * 4, storage: 'private', label: 'out' }))
    const byteLength = scratchForMatmul(library, { m, weights: weights[0] })
    const scratch =
      byteLength > 0 ? own(device.createBuffer({ byteLength, storage: 'private', label: 'scratch' })) : undefined
    const graph = own(device.createGraph())
    const choices = weights.map((one) => recordMatmul(graph, library, { m, activations, weights: one, out, scratch }))
    const { precision, bytes, operations } = choices[0]
    return {
      precision,
      bytes,
      operations,
      async run() {
        const start = process.hrtime.bigint()
        await graph.submit().completed
        return { durationNs: Number(process.hrtime.bigint() - start), repeats: weights.length }
      },
      [Symbol.dispose]: dispose,
    }
  } catch (error) {
    dispose()
    throw error
  }
}

/** Activations as they are (0), or rounded to 8 bits (4). */
type AccuracyLevel = 0 | 4

function describe(accuracyLevel: AccuracyLevel): string {
  return `int4 in blocks of ${block}, accuracy_level ${accuracyLevel}`
}

/** Its fastest way with `m` rows. */
function fastestRival(
  setting: ContestContext,
  { n, k }: Shape,
  copies: number,
  m: number,
): Promise<Rival<AccuracyLevel>> {
  const { peer, threads, cacheFolder } = setting
  return fastestOf<AccuracyLevel>(setting, {
    worker: 'onnx-worker.mjs',
    candidates: [4, 0],
    describe,
    async open(accuracyLevel) {
      const file = await modelFile(cacheFolder, { n, k, block, copies, accuracyLevel })
      return { entry: peer.entry, file, threads }
    },
    work: (process) => process.ask<Timing>('run', { m, k, copies }),
  })
}

async function modelFile(folder: string, matrix: Parameters<typeof onnxModel>[0]): Promise<string> {
  const { n, k, copies, accuracyLevel } = matrix
  const path = join(folder, `matmulnbits-${n}x${k}-block-${block}-accuracy-${accuracyLevel}-${copies}-copies.v1.onnx`)
  await mkdir(folder, { recursive: true })
  // Under another name until it is whole. Made anew each time: that takes no longer than to find out whether an old one is whole.
  const partial = `${path}.${process.pid}.part`
  await writeFile(partial, onnxModel(matrix))
  await rename(partial, path)
  return path
}
