/** What an architecture is to the rest of the application: numbers and tensor names, derived from a config.json. */
import type { RopeScaling } from '@metal-fp4/kernels'
import type { JsonObject } from '../checkpoint/json-file.js'

/** The feed-forward part of one layer. */
export type FeedForward =
  | { readonly kind: 'dense'; readonly inner: number }
  | {
      readonly kind: 'experts'
      /** Hidden units of one expert. */
      readonly inner: number
      readonly experts: number
      /** Experts that a token goes to. */
      readonly topK: number
      readonly scoring: 'softmax' | 'sigmoid'
      /** Whether the chosen experts' scores are divided by their sum. */
      readonly normalize: boolean
      readonly scalingFactor: number
    }

/** A decoder-only transformer: RMSNorm, rotary positions, grouped-query attention, SwiGLU or experts of it. */
export interface ModelSpec {
  /** `model_type` of its config.json. */
  readonly architecture: string
  readonly vocabSize: number
  /** Width of the residual stream. */
  readonly width: number
  readonly layers: number
  /** Query heads. */
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  /** Longest sequence that the model was made for. */
  readonly maxPositions: number
  readonly rmsNormEpsilon: number
  readonly rope: { readonly theta: number; readonly scaling: RopeScaling | null }
  /** RMS norm of every query and key head before rotation (Qwen3). */
  readonly queryKeyNorm: boolean
  /** The output matrix is the embedding. */
  readonly tiedEmbedding: boolean
  /** One for each layer. */
  readonly feedForward: readonly FeedForward[]
}

/** Names of the tensors of a checkpoint, as Hugging Face stores them. */
export interface TensorNames {
  readonly embedding: string
  readonly output: string
  readonly finalNorm: string
  layer(index: number): LayerNames
}

export interface LayerNames {
  readonly prefix: string
  readonly inputNorm: string
  readonly query: string
  readonly key: string
  readonly value: string
  readonly queryNorm: string
  readonly keyNorm: string
  readonly attentionOutput: string
  readonly postNorm: string
  readonly gate: string
  readonly up: string
  readonly down: string
  readonly router: string
  readonly expertGate: (expert: number) => string
  readonly expertUp: (expert: number) => string
  readonly expertDown: (expert: number) => string
}

/** One architecture: adding one is adding a file with such an object and listing it in `index.ts`. */
export interface Architecture {
  /** `model_type` of the config.json. */
  readonly modelType: string
  /** Entry of `architectures` of the config.json. */
  readonly className: string
  /** @throws CheckpointError for an entry of a wrong type, or a feature that is not supported. */
  spec(config: JsonObject): ModelSpec
  readonly names: TensorNames
}
