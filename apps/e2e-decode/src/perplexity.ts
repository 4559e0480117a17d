/** Perplexity of a model on documents: how many tokens it hesitates between, on average. */
import { describe, failOption } from './errors.js'
import { logSumExp } from './generation/logprobs.js'
import type { Model } from './model/model.js'

/** Separates documents in a file, and ends each where it is a token of the model. */
export const documentEnd = '<|endoftext|>'

export interface Perplexity {
  /** exp of the mean negative log-likelihood of a token. */
  readonly perplexity: number
  readonly meanLogLikelihood: number
  /** Tokens predicted. */
  readonly tokens: number
  readonly documents: number
  /** Documents longer than the context, which were measured in windows of it. */
  readonly windowed: number
}

export interface PerplexityOptions {
  /**
   * Of a document longer than the context: tokens from one window to the next, 1 to the length of the context. A window counts only
   * tokens that the one before did not, so that each is predicted from at least context - stride others. Default: half the context.
   */
  readonly stride?: number
  /** Called after each document. */
  readonly onProgress?: (done: number, total: number, so: number) => void
  readonly signal?: AbortSignal
}

/** The documents of a text, without surrounding white space; empty ones are left out. */
export function splitDocuments(text: string): string[] {
  return text
    .split(documentEnd)
    .map((document) => document.trim())
    .filter((document) => document !== '')
}

/**
 * Every document by itself, behind the token that the model's texts begin with (that of its tokenizer, else the end-of-text token).
 * `<|endoftext|>` is its last target, as in training, where the tokenizer has it. What is longer than the context is measured in windows
 * with a stride (as in https://huggingface.co/docs/transformers/perplexity).
 * @throws OptionError when the model has no token to begin with.
 */
export async function measurePerplexity(
  model: Model,
  documents: readonly string[],
  options: PerplexityOptions = {},
): Promise<Perplexity> {
  const { tokenizer, contextLength } = model
  const { stride = Math.ceil(contextLength / 2), onProgress, signal } = options
  const end = tokenizer?.idOf(documentEnd)
  const begin = tokenizer?.beginToken ?? end ?? model.endTokens[0]
  if (tokenizer === undefined || (begin as number | undefined) === undefined) {
    return failOption(
      'perplexity',
      'a model with a tokenizer and a token that texts begin with',
      'one without',
      'Use a checkpoint.',
    )
  }
  if (!Number.isInteger(stride) || stride < 1 || stride > contextLength) {
    failOption('perplexity', `stride to be an integer from 1 to ${contextLength}, the context`, describe(stride), 'Leave it out for half of the context.') // prettier-ignore
  }
  if (documents.length === 0) failOption('perplexity', 'at least one document', 'none', 'Is the file empty?')
  let sum = 0
  let count = 0
  let windowed = 0
  for (const [done, document] of documents.entries()) {
    const tokens = [begin, ...tokenizer.encode(document, { special: false }), ...(end === undefined ? [] : [end])]
    const inputs = tokens.slice(0, -1)
    if (inputs.length > contextLength) windowed++
    for (let start = 0, scored = 0; scored < inputs.length; start += stride) {
      const window = inputs.slice(start, start + contextLength)
      let at = start
      for await (const logits of model.logitsByChunk(window, { rows: 'all', ...(signal ? { signal } : {}) })) {
        for (let row = 0; row < logits.length; row += model.spec.vocabSize, at++) {
          if (at < scored) continue
          const one = logits.subarray(row, row + model.spec.vocabSize)
          sum += one[tokens[at + 1]] - logSumExp(one)
        }
      }
      scored = at
    }
    count += inputs.length
    onProgress?.(done + 1, documents.length, Math.exp(-sum / count))
  }
  if (count === 0) failOption('perplexity', 'at least one token', 'none', 'Is the file empty?')
  const meanLogLikelihood = sum / count
  return {
    perplexity: Math.exp(-meanLogLikelihood),
    meanLogLikelihood,
    tokens: count,
    documents: documents.length,
    windowed,
  }
}
