/** Perplexity of a model on documents: how many tokens it hesitates between, on average. */
import { failOption } from './errors.js'
import { logSumExp } from './generation/logprobs.js'
import type { Model } from './model/model.js'

/** Separates documents in a file, and is the token that begins and ends each. */
export const documentEnd = '<|endoftext|>'

export interface Perplexity {
  /** exp of the mean negative log-likelihood of a token. */
  readonly perplexity: number
  readonly meanLogLikelihood: number
  /** Tokens predicted. */
  readonly tokens: number
  readonly documents: number
  /** Documents that did not fit the context and were cut. */
  readonly truncated: number
}

export interface PerplexityOptions {
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
 * Every document by itself: the end-of-text token is its first context and its last target, as in training.
 * @throws OptionError when the model has no such token.
 */
export async function measurePerplexity(
  model: Model,
  documents: readonly string[],
  { onProgress, signal }: PerplexityOptions = {},
): Promise<Perplexity> {
  const { tokenizer } = model
  const end = tokenizer?.idOf(documentEnd) ?? model.endTokens[0]
  if (tokenizer === undefined || (end as number | undefined) === undefined) {
    return failOption(
      'perplexity',
      'a model with a tokenizer and an end-of-text token',
      'one without',
      'Use a checkpoint.',
    )
  }
  if (documents.length === 0) failOption('perplexity', 'at least one document', 'none', 'Is the file empty?')
  let sum = 0
  let count = 0
  let truncated = 0
  for (const [done, document] of documents.entries()) {
    let tokens = [end, ...tokenizer.encode(document, { special: false }), end]
    if (tokens.length > model.contextLength + 1) {
      tokens = tokens.slice(0, model.contextLength + 1)
      truncated++
    }
    let at = 1
    const inputs = tokens.slice(0, -1)
    for await (const logits of model.logitsByChunk(inputs, { rows: 'all', ...(signal ? { signal } : {}) })) {
      for (let row = 0; row < logits.length; row += model.spec.vocabSize) {
        const one = logits.subarray(row, row + model.spec.vocabSize)
        sum += one[tokens[at++]] - logSumExp(one)
      }
    }
    count += inputs.length
    onProgress?.(done + 1, documents.length, Math.exp(-sum / count))
  }
  const meanLogLikelihood = sum / count
  return {
    perplexity: Math.exp(-meanLogLikelihood),
    meanLogLikelihood,
    tokens: count,
    documents: documents.length,
    truncated,
  }
}
