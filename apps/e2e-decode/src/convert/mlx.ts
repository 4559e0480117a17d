/**
 * Writes a folder for Apple's MLX: config.json with a `quantization` section, and safetensors in which a quantized matrix is
 * NAME.weight (uint32 words of 8 codes) and NAME.scales (uint8). That is what `mlx_lm.load` reads: it makes every layer quantized that
 * has scales (mlx_lm/utils.py, load_model, in github.com/ml-explore/mlx-lm, commit d78bf58e). Experts are stacked as `switch_mlp`.
 */
import { toLayoutAsync } from '@metal-fp4/fp4-quant'
import type { HuggingFaceCheckpoint } from '../checkpoint/index.js'
import type { RawTensor } from '../checkpoint/safetensors.js'
import { describe, failCheckpoint, failOption } from '../errors.js'
import { isQuantized, quantizeMatrix, rejectNotFinite } from '../model/host-weights.js'
import { resolveQuantization } from '../model/quantization.js'
import { type QuantizeWork, WeightQuantizer } from '../model/quantizer.js'
import { type WeightDeclaration, weightTable } from '../model/weight-table.js'
import { layOutShards, type Shard, type ShardTensor } from './shards.js'
import { companionsOf, copyCompanions, fingerprint, openSource } from './source.js'
import { Workbench } from './workbench.js'

export interface ConvertToMlxOptions {
  /** The formats that MLX has. Default 'mxfp4'; nvfp4 loses some, as MLX keeps no global scale. */
  readonly mode?: 'mxfp4' | 'nvfp4'
  /** Default 'absmax'; 'mse' has the least squared error and takes many times as long. */
  readonly scales?: 'absmax' | 'mse'
  /** Replaces the model in a target that is neither empty nor a model for MLX. Its files of other names stay. */
  readonly force?: boolean
  /** Called after each tensor with the number done and the number in all. */
  readonly onProgress?: (done: number, total: number, name: string) => void
  /** Called once when an earlier run that was broken off has left finished tensors, with their number. */
  readonly onResume?: (finished: number) => void
  /** Threads that large matrices are quantized on. Default: those that the process may use. */
  readonly threads?: number
  readonly signal?: AbortSignal
}

export interface MlxConversion {
  /** Bytes of all safetensors files. */
  readonly byteLength: number
  readonly files: readonly string[]
  /** Matrices stored as they were, as their width is no multiple of the group size. */
  readonly unquantized: readonly string[]
  /** Of nvfp4: the worst signal to noise of rounding scales anew without a global scale, in dB; Infinity when none was. */
  readonly worstSqnrDb: number
}

/** One or more tensors of a checkpoint that become one (experts: a stack), and how it is stored. */
interface MlxUnit {
  readonly name: string
  /** The tensors of the checkpoint, [rows, k] each. */
  readonly sources: readonly string[]
  readonly shape: readonly number[]
  readonly quantized: boolean
}

/**
 * Converts the Hugging Face checkpoint in folder `source` into a folder for MLX, `target` (absent, empty, or one for MLX, unless
 * `force`). As with `packModel`, a run that was broken off leaves the target as it was, and the next one goes on.
 * @throws CheckpointError, OptionError, FileError, the signal's reason
 */
export async function convertToMlx(
  source: string,
  target: string,
  options: ConvertToMlxOptions = {},
): Promise<MlxConversion> {
  const { mode = 'mxfp4', scales = 'absmax', force, signal } = options
  if (!['mxfp4', 'nvfp4'].includes(mode)) {
    failOption('convert', 'mxfp4 or nvfp4 for MLX, which has no other FP4', describe(mode), 'Leave the format out.')
  }
  resolveQuantization('convert', { mode, scales, groupSize: undefined })
  const checkpoint = await openSource('convert', source, target)
  try {
    signal?.throwIfAborted()
    const units = unitsOf(checkpoint, mode)
    const shards = layOutShards(units.flatMap((unit) => tensorsOf(checkpoint, unit, mode)))
    await using quantizer = new WeightQuantizer(options.threads)
    const files = await fingerprint(source)
    const bench = await Workbench.open(target, { kind: 'mlx', force }, { to: 'mlx', version: 1, mode, scales, files })
    try {
      if (bench.resumed > 0) options.onResume?.(bench.resumed)
      let worst = Infinity
      for (const [done, unit] of units.entries()) {
        signal?.throwIfAborted()
        const before = bench.finished(unit.name)
        // JSON has no infinity: null stands for it.
        const loss = before
          ? ((before.value as number | null) ?? Infinity)
          : await write(bench, checkpoint, unit, shards, { mode, scales, signal, quantizer })
        if (before === undefined) await bench.commit(unit.name, loss)
        worst = Math.min(worst, loss)
        options.onProgress?.(done + 1, units.length, unit.name)
      }
      for (const shard of shards) await bench.write(shard.file, 0, shard.header)
      await writeListing(bench, checkpoint, shards, units, mode)
      await copyCompanions(source, bench.folder, companionsOf.mlx)
      await bench.install()
      return {
        byteLength: shards.reduce((sum, shard) => sum + shard.byteLength, 0),
        files: shards.map(({ file }) => file),
        unquantized: units.filter((unit) => unit.shape.length > 1 && !unit.quantized).map(({ name }) => name),
        worstSqnrDb: worst,
      }
    } finally {
      await bench.close()
    }
  } finally {
    await checkpoint.store.close()
  }
}

function groupSizeOf(mode: 'mxfp4' | 'nvfp4'): number {
  return mode === 'mxfp4' ? 32 : 16
}

function unitsOf({ spec, architecture }: HuggingFaceCheckpoint, mode: 'mxfp4' | 'nvfp4'): MlxUnit[] {
  return weightTable(spec, architecture.names).flatMap((declaration): MlxUnit[] => {
    if (declaration.kind === 'vector') {
      const { tensor, length } = declaration
      return [{ name: tensor, sources: [tensor], shape: [length], quantized: false }]
    }
    return matrixUnits(declaration, mode)
  })
}

function matrixUnits(declaration: WeightDeclaration & { kind: 'matrix' }, mode: 'mxfp4' | 'nvfp4'): MlxUnit[] {
  const { experts, k, parts } = declaration
  const quantized = isQuantized(declaration, { mode }) && k % groupSizeOf(mode) === 0
  return parts.map(({ rows, tensor }) => {
    const sources = Array.from({ length: experts }, (_, expert) => tensor(expert))
    const stacked = sources[0].replace(/\.experts\.0\./, '.switch_mlp.')
    const isStack = stacked !== sources[0]
    return { name: isStack ? stacked : sources[0], sources, shape: [...(isStack ? [experts] : []), rows, k], quantized }
  })
}

const dtypes = { f32: ['F32', 4], f16: ['F16', 2], bf16: ['BF16', 2] } as const

function tensorsOf({ store }: HuggingFaceCheckpoint, unit: MlxUnit, mode: 'mxfp4' | 'nvfp4'): ShardTensor[] {
  const { name, shape, sources, quantized } = unit
  if (quantized) {
    const [k] = shape.slice(-1)
    const of = (last: number): number[] => [...shape.slice(0, -1), last]
    const scales = name.replace(/weight$/, 'scales')
    return [
      { name, dtype: 'U32', shape: of(k / 8), elementBytes: 4 },
      { name: scales, dtype: 'U8', shape: of(k / groupSizeOf(mode)), elementBytes: 1 },
    ]
  }
  const types = new Set(sources.map((source) => store.typeOf(source)))
  const [type] = types
  if (types.size !== 1) {
    const fix = 'Convert the checkpoint to one of them.'
    failCheckpoint({
      file: store.fileOf(sources[0]),
      tensor: sources[0],
      expected: 'experts of one dtype',
      got: [...types].join(' and '),
      fix,
    })
  }
  const [dtype, elementBytes] = dtypes[type]
  return [{ name, dtype, shape, elementBytes }]
}

/** Reads, quantizes and writes a tensor, an expert at a time. @returns what rounding anew has cost, in dB */
async function write(
  bench: Workbench,
  { store }: HuggingFaceCheckpoint,
  { name, sources, shape, quantized }: MlxUnit,
  shards: readonly Shard[],
  { mode, scales, ...work }: { mode: 'mxfp4' | 'nvfp4'; scales: 'absmax' | 'mse' } & QuantizeWork,
): Promise<number> {
  const { signal } = work
  let worst = Infinity
  const put = async (tensor: string, expert: number, data: ArrayBufferView): Promise<void> => {
    const shard = shards.find(({ offsets }) => offsets.has(tensor))!
    await bench.write(shard.file, shard.offsets.get(tensor)! + expert * data.byteLength, data)
  }
  for (const [expert, source] of sources.entries()) {
    signal?.throwIfAborted()
    const raw: RawTensor = await store.read(source, shape.slice(-2))
    if (!quantized) {
      await put(name, expert, raw.data)
      continue
    }
    const [n, k] = shape.slice(-2)
    const tensor = await quantizeMatrix(raw, [n], k, { mode, scales }, work).catch((error: unknown) => {
      signal?.throwIfAborted()
      rejectNotFinite(store, [source], [raw])
      throw error
    })
    const mlx = await toLayoutAsync(tensor, 'mlx', { globalScale: 'requantize', ...(signal ? { signal } : {}) })
    worst = Math.min(worst, mlx.sqnrDb)
    await put(name, expert, mlx.weight)
    await put(name.replace(/weight$/, 'scales'), expert, mlx.scales)
  }
  return worst
}

/** config.json as `mlx_lm.convert` leaves it, and the index of the shards. */
async function writeListing(
  bench: Workbench,
  { config }: HuggingFaceCheckpoint,
  shards: readonly Shard[],
  units: readonly MlxUnit[],
  mode: 'mxfp4' | 'nvfp4',
): Promise<void> {
  const quantization = { group_size: groupSizeOf(mode), bits: 4, mode }
  const { _name_or_path: _, ...values } = config.values
  const entries = Object.entries({ ...values, quantization, quantization_config: quantization })
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  await bench.writeText('config.json', `${JSON.stringify(Object.fromEntries(entries), null, 4)}\n`)
  const weightMap = shards.flatMap(({ file, offsets }) => [...offsets.keys()].map((name) => [name, file] as const))
  weightMap.sort(([a], [b]) => (a < b ? -1 : 1))
  const metadata = {
    total_size: shards.reduce((sum, shard) => sum + shard.byteLength - shard.header.length, 0),
    total_parameters: units.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0),
  }
  const index = { metadata, weight_map: Object.fromEntries(weightMap) }
  await bench.writeText('model.safetensors.index.json', `${JSON.stringify(index, null, 4)}\n`)
}
