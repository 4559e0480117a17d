/** From a folder, or the name of a geometry, to a model on a device. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Precision, defaultPrecision, libraryFor } from '@metal-fp4/dispatch'
import { ropeFrequencies, ropeRotations } from '@metal-fp4/kernels'
import { type Backend, Device, createDevice } from '@metal-fp4/metal-core'
import type { ModelSpec } from './architectures/index.js'
import { type ChatTemplate, loadChatTemplate } from './chat/index.js'
import { type Checkpoint, openCheckpoint } from './checkpoint/index.js'
import { describe, failOption } from './errors.js'
import { geometrySpec } from './geometry/geometries.js'
import { syntheticWeights } from './geometry/synthetic.js'
import { type GenerationDefaults, readGenerationDefaults } from './generation/defaults.js'
import { type DeviceWeights, type LoadControl, mapCheckpoint, uploadCheckpoint } from './model/device-weights.js'
import type { QuantizeMode } from './model/host-weights.js'
import { KvPool } from './model/kv-pool.js'
import { Model } from './model/model.js'
import { resolveQuantization } from './model/quantization.js'
import { type Tokenizer, loadTokenizer } from './tokenizer.js'

/** A folder (Hugging Face or packed), or a geometry with synthetic weights. */
export type ModelSource = string | { readonly geometry: string; readonly layers?: number; readonly vocabSize?: number }

export interface LoadOptions {
  /**
   * How a Hugging Face checkpoint's projections are stored: 'none' keeps F32, F16 or BF16. Default 'fp4'. A packed
   * folder is what it was packed as.
   */
  readonly quantize?: QuantizeMode
  /** Of 'fp4': weights that share a scale, a multiple of 8 from 16. Default 128. */
  readonly groupSize?: number
  /** How scales are chosen. 'mse' has the least squared error and takes many times as long. Default 'absmax'. */
  readonly scales?: 'absmax' | 'mse'
  /**
   * How products with FP4 weights are computed: 'float32', or 'int8' with activations as bytes in blocks of 16, on a CPU. Default: the fastest whose
   * perplexity on the default model is within 0.1 % of float32's: int8 on a CPU, float32 elsewhere.
   */
  readonly precision?: Precision
  /** Positions that the cache has room for. Default: what the model was made for, at most 4096. */
  readonly context?: number
  /** A device of the caller's, which stays open, or the backend to open one of. Default: the best that works. */
  readonly device?: Device | Backend
  /** Of a CPU device opened here, and for quantizing. Default: the cores that the process may use. */
  readonly threads?: number
  /** Called after each weight with the number done and the number in all. */
  readonly onProgress?: (done: number, total: number, name: string) => void
  /** Called with warnings of the device, instead of `process.emitWarning`. */
  readonly onWarning?: (message: string) => void
  readonly signal?: AbortSignal
}

/** The folder of the model that comes with this package: it writes short stories. */
export const defaultModel: string = fileURLToPath(new URL('../models/stories', import.meta.url))

const longestDefaultContext = 4096

/**
 * Loads a model. @throws CheckpointError for a malformed file, OptionError for a bad option, errors of metal-core when there
 * is no such device, and the signal's reason.
 */
export async function loadModel(source: ModelSource = defaultModel, options: LoadOptions = {}): Promise<Model> {
  const { quantize: mode = 'fp4', groupSize, scales } = options
  const quantization = resolveQuantization('loadModel', { mode, groupSize, scales })
  if (typeof source !== 'string') {
    const { geometry, ...changes } = source
    const spec = geometrySpec(geometry, changes)
    const name = `${geometry} (synthetic weights)`
    return build(name, spec, options, { tokenizer: undefined, defaults: noDefaults }, (device, control) =>
      syntheticWeights(device, spec, quantization, control),
    )
  }
  const checkpoint = await openCheckpoint(source)
  try {
    if (checkpoint.kind === 'packed' && (options.quantize ?? options.groupSize) !== undefined) {
      failOption(
        'loadModel',
        `no format (quantize, --q-mode) for ${source}`,
        'one',
        'It is packed already: leave the format out, or load the original checkpoint.',
      )
    }
    const tokenizer = await tokenizerOf(checkpoint)
    const defaults = await readGenerationDefaults(
      join(checkpoint.folder, 'generation_config.json'),
      checkpoint.config,
      tokenizer,
      checkpoint.spec.vocabSize,
    )
    const chatTemplate = await loadChatTemplate(checkpoint.folder)
    return await build(source, checkpoint.spec, options, { tokenizer, chatTemplate, defaults }, (device, control) =>
      checkpoint.kind === 'packed'
        ? mapCheckpoint(device, checkpoint, control)
        : uploadCheckpoint(device, checkpoint, quantization, control),
    )
  } finally {
    if (checkpoint.kind === 'huggingface') await checkpoint.store.close()
  }
}

/** What turns text into tokens and back. */
interface TextParts {
  readonly tokenizer: Tokenizer | undefined
  readonly chatTemplate?: ChatTemplate | undefined
  readonly defaults: GenerationDefaults
}

const noDefaults: GenerationDefaults = { endTokens: [], sampling: {} }

async function build(
  source: string,
  spec: ModelSpec,
  options: LoadOptions,
  { tokenizer, chatTemplate, defaults: { endTokens, sampling } }: TextParts,
  loadWeights: (device: Device, control: LoadControl) => Promise<DeviceWeights>,
): Promise<Model> {
  const context = resolveContext(options.context, spec)
  checkPrecision(options.precision)
  const { device, close } = await openDevice(options)
  const made: { dispose(): void }[] = []
  try {
    const { precision } = options
    checkPrecisionOf(device, precision)
    const library = await libraryFor(device)
    const weights = await loadWeights(device, options)
    made.push(weights)
    const pool = new KvPool(device, spec, context)
    made.push(pool)
    const frequencies = ropeFrequencies({ headDim: spec.headDim, ...spec.rope })
    const data = ropeRotations(frequencies, context)
    const rotations = device.createBuffer({ data, storage: 'private', label: 'rotations' })
    made.push(rotations)
    const parts = { device, library, spec, weights, pool, rotations, source, tokenizer, chatTemplate, endTokens }
    const chosen = precision !== undefined && { precision }
    return new Model({ ...parts, ...chosen, samplingDefaults: sampling, onDispose: close })
  } catch (error) {
    for (const one of made) one.dispose()
    close()
    throw error
  }
}

async function openDevice({ device, threads, onWarning }: LoadOptions): Promise<{ device: Device; close: () => void }> {
  if (typeof device === 'object') return { device, close: () => undefined }
  const opened = await createDevice({
    ...(device === undefined ? {} : { backend: device }),
    ...(threads === undefined ? {} : { threads }),
    ...(onWarning === undefined ? {} : { onWarning }),
  })
  return { device: opened, close: () => opened.dispose() }
}

function checkPrecision(precision: unknown): void {
  if (precision === undefined || precision === 'float32' || precision === 'int8') return
  failOption(
    'loadModel',
    'precision float32 or int8',
    describe(precision),
    'Leave it out for the default of the device.',
  )
}

function checkPrecisionOf({ info: { backend } }: Device, precision: Precision | undefined): void {
  if (precision !== 'int8' || defaultPrecision(backend) === 'int8') return
  failOption('loadModel', `precision float32 on ${backend}`, precision, 'int8 is for CPUs: leave it out.')
}

async function tokenizerOf(checkpoint: Checkpoint): Promise<Tokenizer> {
  const tokenizer = await loadTokenizer(checkpoint.folder)
  const { vocabSize } = checkpoint.spec
  // Checkpoints pad the vocabulary, so that it may well be the larger one.
  if (tokenizer.largestToken >= vocabSize) {
    checkpoint.config.fail('vocab_size', `at least ${tokenizer.largestToken + 1}, the vocabulary of tokenizer.json`)
  }
  return tokenizer
}

function resolveContext(context: number | undefined, { maxPositions }: ModelSpec): number {
  if (context === undefined) return Math.min(maxPositions, longestDefaultContext)
  if (!Number.isInteger(context) || context < 1 || context > maxPositions) {
    const fix = 'Leave it out for the default.'
    failOption(
      'loadModel',
      `context to be an integer from 1 to ${maxPositions}, what the model was made for`,
      describe(context),
      fix,
    )
  }
  return context
}
