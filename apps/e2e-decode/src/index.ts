/** Decode language models with FP4 weights: load a checkpoint, stream text. */
export type { FeedForward, ModelSpec } from './architectures/index.js'
export {
  Chat,
  type ChatMessage,
  type ChatOptions,
  ChatReply,
  type ChatSummary,
  type ChatTemplate,
  loadChatTemplate,
} from './chat/index.js'
export { type PackOptions, packModel } from './checkpoint/pack-writer.js'
export { type ConvertToMlxOptions, type MlxConversion, convertToMlx } from './convert/mlx.js'
export { type Diagnosis, type Finding, type FindingStatus, diagnose } from './doctor/doctor.js'
export { ChatTemplateError, CheckpointError, ContextOverflowError, FileError, OptionError } from './errors.js'
export {
  type FinishReason,
  type GeneratedToken,
  type Generation,
  type GenerationSummary,
} from './generation/generation.js'
export type { TokenLogprob, TokenLogprobs } from './generation/logprobs.js'
export type { GenerateOptions } from './generation/options.js'
export { geometries } from './geometry/geometries.js'
export {
  type InspectOptions,
  type InspectedLayer,
  type InspectedTensor,
  type Inspection,
  inspectModel,
} from './inspect/inspect.js'
export { type LoadOptions, type ModelSource, defaultModel, loadModel } from './load-model.js'
export type { ModelDescription } from './model/describe.js'
export type { Quantization, QuantizeMode } from './model/host-weights.js'
export type { LogitsOptions, Model } from './model/model.js'
export type { SamplingOptions } from './model/sampler-settings.js'
export { type Perplexity, type PerplexityOptions, measurePerplexity, splitDocuments } from './perplexity.js'
export { type Reference, openReference } from './reference/index.js'
export { type TextStream, type Tokenizer, loadTokenizer } from './tokenizer.js'
