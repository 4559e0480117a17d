import type { sampleToken as definition } from '../manifest/sample_token.js'
import type { OracleInputs, OracleResults, ProblemOf } from '../manifest/views.js'
import { largest } from './argmax.js'
import { refuse } from './oracle-error.js'
import { philox4x32 } from './philox.js'

type Definition = typeof definition

/** What `settings` holds: temperature, topP and minP as float32 bits, then topK and the words of the seed. */
export interface SampleSettings {
  readonly temperature: number
  readonly topP: number
  readonly minP: number
  readonly topK: number
  readonly seedLow: number
  readonly seedHigh: number
}

/**
 * A token of each row, by the rules of the manifest, with exact integers where the kernel has them: a weight is
 * floor(2^40 exp((logit - largest) / temperature)), and every sum and threshold is one of weights.
 *
 * `margins` says how near each row came to another outcome: the smallest distance of a threshold (top-p, min-p, the draw) from a weight or
 * sum of weights, relative to their size. A kernel whose exponentials have a smaller relative error chooses the same token.
 */
export function sampleToken(
  problem: ProblemOf<Definition>,
  _constants: object,
  args: OracleInputs<Definition>,
): OracleResults<Definition> & { margins: Float64Array } {
  const { m, n } = problem
  const settings = readSettings(args.settings)
  const tokens = new Uint32Array(m)
  const margins = new Float64Array(m).fill(1)
  for (let row = 0; row < m; row++) {
    const logits = args.logits.subarray(row * n, (row + 1) * n)
    const best = largest('sample_token', logits, row)
    if (settings.temperature === 0) {
      tokens[row] = best
      continue
    }
    const random = philox4x32([args.positions[row], 0, 0, 0], [settings.seedLow, settings.seedHigh])[0]
    ;[tokens[row], margins[row]] = draw(logits, logits[best], settings, random)
  }
  return { tokens, margins }
}

function readSettings(words: Uint32Array): SampleSettings {
  const [temperature, topP, minP] = new Float32Array(words.slice(0, 3).buffer)
  const [, , , topK, seedLow, seedHigh] = words
  if (!(temperature >= 0 && temperature < Infinity)) {
    refuse('sample_token', `temperature ${temperature} is not a finite number of at least 0`)
  }
  if (!(topP > 0 && topP <= 1)) refuse('sample_token', `topP ${topP} is not above 0 and at most 1`)
  if (!(minP >= 0 && minP <= 1)) refuse('sample_token', `minP ${minP} is not from 0 to 1`)
  return { temperature, topP, minP, topK, seedLow, seedHigh }
}

const one = 2 ** 40

function draw(logits: Float32Array, largestLogit: number, settings: SampleSettings, random: number): [number, number] {
  const { temperature, topP, minP, topK } = settings
  const weights = Array.from(logits, (logit) => Math.floor(one * Math.exp((logit - largestLogit) / temperature)))
  const total = (indices: readonly number[]): bigint => indices.reduce((sum, i) => sum + BigInt(weights[i]), 0n)
  let margin = 1
  let kept = weights.map((_, i) => i)
  if (topP < 1 || (topK > 0 && topK < kept.length)) kept.sort((a, b) => logits[b] - logits[a] || a - b)
  if (topK > 0) kept = kept.slice(0, topK)
  if (topP < 1) {
    const whole = total(kept)
    const target = (BigInt(Math.floor(topP * 2 ** 32)) * whole) >> 32n
    let sum = 0n
    let count = 0
    do {
      if (count > 0) margin = Math.min(margin, ratio(target - sum, whole))
      sum += BigInt(weights[kept[count++]])
    } while (sum < target)
    margin = Math.min(margin, ratio(sum - target, whole))
    kept = kept.slice(0, count)
  }
  const least = Math.floor(minP * one)
  if (least > 0) {
    for (const i of kept) if (weights[i] < one) margin = Math.min(margin, Math.abs(weights[i] - least) / least)
  }
  kept = kept.filter((i) => weights[i] >= least).sort((a, b) => a - b)
  const sum = total(kept)
  const point = (BigInt(random) * sum) >> 32n
  let reached = 0n
  for (const i of kept) {
    const before = reached
    reached += BigInt(weights[i])
    if (reached <= point) continue
    if (before > 0n) margin = Math.min(margin, ratio(point - before, sum))
    return [i, reached < sum ? Math.min(margin, ratio(reached - point, sum)) : margin]
  }
  throw new Error('a point below the total lies in some token')
}

const ratio = (part: bigint, whole: bigint): number => Math.abs(Number(part)) / Number(whole)
