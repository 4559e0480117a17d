/** Log-probabilities of tokens, from the logits that a token was chosen from. */
import type { Tokenizer } from '../tokenizer.js'

export interface TokenLogprob {
  readonly token: number
  /** What it decodes to by itself; '' without a tokenizer, and of special tokens. */
  readonly text: string
  /** Natural logarithm. */
  readonly logprob: number
}

export interface TokenLogprobs {
  readonly token: number
  readonly logprob: number
  /** The likeliest tokens, best first; ties to the lower id. */
  readonly topLogprobs: readonly TokenLogprob[]
}

/** log softmax(logits) of a token and of the `count` likeliest, in float64. */
export function logprobsOf(
  logits: Float32Array,
  token: number,
  count: number,
  tokenizer: Tokenizer | undefined,
): TokenLogprobs {
  const total = logSumExp(logits)
  const topLogprobs = likeliest(logits, count).map((id) => {
    return { token: id, text: tokenizer?.decode([id]) ?? '', logprob: logits[id] - total }
  })
  return { token, logprob: logits[token] - total, topLogprobs }
}

/** log of the sum of exp(logits), in float64. */
export function logSumExp(logits: Float32Array): number {
  let largest = -Infinity
  for (const logit of logits) if (logit > largest) largest = logit
  let sum = 0
  for (const logit of logits) sum += Math.exp(logit - largest)
  return largest + Math.log(sum)
}

/** The indices of the `count` largest, by insertion: most logits are below the last of them. */
function likeliest(logits: Float32Array, count: number): number[] {
  const best: number[] = []
  if (count === 0) return best
  for (let i = 0; i < logits.length; i++) {
    if (best.length === count && !(logits[i] > logits[best[count - 1]])) continue
    let at = best.length
    while (at > 0 && logits[i] > logits[best[at - 1]]) at--
    best.splice(at, 0, i)
    if (best.length > count) best.pop()
  }
  return best
}
