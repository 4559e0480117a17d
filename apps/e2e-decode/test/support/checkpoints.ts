/** Small Hugging Face folders with random weights, one for each thing that architectures differ in. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { architectures } from '../../src/architectures/index.js'
import { JsonObject } from '../../src/checkpoint/json-file.js'
import { type MatrixDeclaration, weightTable } from '../../src/model/weight-table.js'
import { normals } from './random.js'
import { type Dtype, type TensorInput, writeSafetensors } from './safetensors-writer.js'
import { endOfText, tokenizerConfig, tokenizerJson, vocabSize } from './tokenizer-files.js'

export interface CheckpointOptions {
  readonly dtype?: Dtype
  readonly shards?: number
  readonly seed?: number
}

/** Ragged on purpose: 72 and 259 are no multiples of a tile. */
const small = {
  vocab_size: vocabSize,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 72,
  max_position_embeddings: 1024,
  rms_norm_eps: 1e-5,
  eos_token_id: endOfText,
}

export type ConfigName = 'llama' | 'llamaTied' | 'qwen3' | 'qwen3Moe'

export const configs: Readonly<Record<ConfigName, Readonly<Record<string, unknown>>>> = {
  llama: {
    ...small,
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    rope_theta: 10000,
    rope_scaling: {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 64,
    },
    tie_word_embeddings: false,
  },
  llamaTied: {
    ...small,
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    // The spelling of transformers 5.
    rope_parameters: { rope_type: 'default', rope_theta: 500 },
    tie_word_embeddings: true,
  },
  qwen3: {
    ...small,
    architectures: ['Qwen3ForCausalLM'],
    model_type: 'qwen3',
    head_dim: 24,
    rope_theta: 1000000,
    tie_word_embeddings: true,
  },
  qwen3Moe: {
    ...small,
    architectures: ['Qwen3MoeForCausalLM'],
    model_type: 'qwen3_moe',
    num_hidden_layers: 4,
    head_dim: 16,
    num_experts: 6,
    num_experts_per_tok: 2,
    moe_intermediate_size: 40,
    norm_topk_prob: true,
    decoder_sparse_step: 1,
    // A dense layer among the others.
    mlp_only_layers: [1],
    tie_word_embeddings: false,
  },
}

/** A new folder that `cleanUp` removes. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-decode-'))
  folders.push(folder)
  return folder
}

const folders: string[] = []

/** Removes every folder made. */
export function cleanUp(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

/** Writes a checkpoint into a new folder and returns its path. */
export function writeCheckpoint(config: Readonly<Record<string, unknown>>, options: CheckpointOptions = {}): string {
  const { shards = 1 } = options
  const folder = newFolder()
  mkdirSync(folder, { recursive: true })
  const json = (name: string, value: unknown): void => writeFileSync(join(folder, name), JSON.stringify(value))
  json('config.json', config)
  json('tokenizer.json', tokenizerJson())
  json('tokenizer_config.json', tokenizerConfig)
  const tensors = randomTensors(config, options)
  if (shards === 1) {
    writeSafetensors(join(folder, 'model.safetensors'), tensors)
    return folder
  }
  const entries = Object.entries(tensors)
  const weightMap: Record<string, string> = {}
  for (let shard = 0; shard < shards; shard++) {
    const name = `model-0000${shard + 1}-of-0000${shards}.safetensors`
    const part = entries.filter((_, i) => i % shards === shard)
    for (const [tensor] of part) weightMap[tensor] = name
    writeSafetensors(join(folder, name), Object.fromEntries(part))
  }
  json('model.safetensors.index.json', { metadata: {}, weight_map: weightMap })
  return folder
}

/** Random weights for a configuration, by the checkpoint's names. */
export function randomTensors(
  config: Readonly<Record<string, unknown>>,
  { dtype = 'F32', seed = 1 }: CheckpointOptions = {},
): Record<string, TensorInput> {
  const architecture = architectures.find(({ modelType }) => modelType === config.model_type)!
  const spec = architecture.spec(new JsonObject('config.json', config, ''))
  const tensors: Record<string, TensorInput> = {}
  let next = 1000 * seed
  for (const declaration of weightTable(spec, architecture.names)) {
    if (declaration.kind === 'vector') {
      const { length, tensor } = declaration
      tensors[tensor] = { dtype, shape: [length], values: normals(next++, length, 0.2, 1) }
      continue
    }
    for (let expert = 0; expert < declaration.experts; expert++) {
      for (const { rows, tensor } of declaration.parts) {
        const values = normals(next++, rows * declaration.k, deviation(declaration))
        tensors[tensor(expert)] = { dtype, shape: [rows, declaration.k], values }
      }
    }
  }
  return tensors
}

/** Such that every block changes the residual stream and logits differ by much, while attention stays soft: a trained model's is. */
function deviation({ name, k }: MatrixDeclaration): number {
  if (name === 'embedding') return 0.5
  const gain = name === 'output' ? 3 : name.endsWith('queryKeyValue') ? 1 : 2
  return gain / Math.sqrt(k)
}
