/**
 * A geometry as a GGUF model that llama.cpp loads: metadata, a vocabulary of made-up words, and the tensors by llama.cpp's names.
 * Names: `LLM_KV_NAMES` and `LLM_TENSOR_NAMES` in llama.cpp's src/llama-arch.cpp.
 */
import type { ModelSpec } from '../../src/architectures/index.js'
import type { GgmlType, GgufTensor, GgufValue } from './gguf-header.js'

export interface GgufModel {
  readonly metadata: Readonly<Record<string, GgufValue>>
  readonly tensors: readonly GgufTensor[]
}

/** @throws RangeError for a feed-forward with experts, which no race here needs. */
export function ggufModel(spec: ModelSpec, format: Exclude<GgmlType, 'f32'>): GgufModel {
  const inner = spec.feedForward.map((feed) => (feed.kind === 'dense' ? feed.inner : NaN))
  if (inner.some(Number.isNaN)) {
    throw new RangeError('[gguf] expected dense feed-forward layers, got experts. Choose another geometry.')
  }
  return {
    metadata: { ...hyperparameters(spec, inner[0]), ...vocabulary(spec.vocabSize) },
    tensors: tensorsOf(spec, format, inner),
  }
}

function hyperparameters(spec: ModelSpec, inner: number): Record<string, GgufValue> {
  const { architecture } = spec
  const own: Record<string, GgufValue> = {
    block_count: uint32(spec.layers),
    context_length: uint32(spec.maxPositions),
    embedding_length: uint32(spec.width),
    feed_forward_length: uint32(inner),
    'attention.head_count': uint32(spec.heads),
    'attention.head_count_kv': uint32(spec.kvHeads),
    'attention.key_length': uint32(spec.headDim),
    'attention.value_length': uint32(spec.headDim),
    'attention.layer_norm_rms_epsilon': float32(spec.rmsNormEpsilon),
    'rope.dimension_count': uint32(spec.headDim),
    'rope.freq_base': float32(spec.rope.theta),
    vocab_size: uint32(spec.vocabSize),
  }
  return {
    'general.architecture': { kind: 'string', value: architecture },
    'general.name': { kind: 'string', value: `${architecture} geometry, random weights` },
    'general.quantization_version': uint32(2),
    ...Object.fromEntries(Object.entries(own).map(([key, value]) => [`${architecture}.${key}`, value])),
  }
}

/** Kinds of tokens in llama.cpp's vocabularies. */
const tokenTypes = { normal: 1, unknown: 2, control: 3, byte: 6 } as const

/**
 * A sentencepiece vocabulary: llama.cpp insists on one that can spell every byte. Races hand over tokens and look at none of the words.
 */
function vocabulary(size: number): Record<string, GgufValue> {
  const special = ['<unk>', '<s>', '</s>']
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`)
  const fixed = [...special, ...bytes]
  if (size <= fixed.length) {
    throw new RangeError(
      `[gguf] expected a vocabulary of more than ${fixed.length} tokens, got ${size}. Ask for a larger one.`,
    )
  }
  const words = Array.from({ length: size - fixed.length }, (_, i) => `▁w${i}`)
  const typeOf = (i: number): number =>
    i === 0 ? tokenTypes.unknown : i < 3 ? tokenTypes.control : i < fixed.length ? tokenTypes.byte : tokenTypes.normal
  return {
    'tokenizer.ggml.model': { kind: 'string', value: 'llama' },
    'tokenizer.ggml.tokens': { kind: 'strings', value: [...fixed, ...words] },
    'tokenizer.ggml.scores': { kind: 'float32s', value: Array.from({ length: size }, (_, i) => -i) },
    'tokenizer.ggml.token_type': { kind: 'int32s', value: Array.from({ length: size }, (_, i) => typeOf(i)) },
    'tokenizer.ggml.unknown_token_id': uint32(0),
    'tokenizer.ggml.bos_token_id': uint32(1),
    'tokenizer.ggml.eos_token_id': uint32(2),
  }
}

function tensorsOf(spec: ModelSpec, format: GgmlType, inner: readonly number[]): GgufTensor[] {
  const { width, heads, kvHeads, headDim, vocabSize, layers } = spec
  const matrix = (name: string, n: number, k: number): GgufTensor => ({
    name: `${name}.weight`,
    type: format,
    shape: [k, n],
  })
  const vector = (name: string, n: number): GgufTensor => ({ name: `${name}.weight`, type: 'f32', shape: [n] })
  const layer = (i: number): GgufTensor[] => {
    const at = (name: string): string => `blk.${i}.${name}`
    const norms = spec.queryKeyNorm ? [vector(at('attn_q_norm'), headDim), vector(at('attn_k_norm'), headDim)] : []
    return [
      vector(at('attn_norm'), width),
      matrix(at('attn_q'), heads * headDim, width),
      matrix(at('attn_k'), kvHeads * headDim, width),
      matrix(at('attn_v'), kvHeads * headDim, width),
      ...norms,
      matrix(at('attn_output'), width, heads * headDim),
      vector(at('ffn_norm'), width),
      matrix(at('ffn_gate'), inner[i], width),
      matrix(at('ffn_up'), inner[i], width),
      matrix(at('ffn_down'), width, inner[i]),
    ]
  }
  return [
    matrix('token_embd', vocabSize, width),
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
    vector('output_norm', width),
    // Without one llama.cpp takes the embedding, as a tied model does.
    ...(spec.tiedEmbedding ? [] : [matrix('output', vocabSize, width)]),
  ]
}

function uint32(value: number): GgufValue {
  return { kind: 'uint32', value }
}

function float32(value: number): GgufValue {
  return { kind: 'float32', value }
}
