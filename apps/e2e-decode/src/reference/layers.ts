/** The parts of a transformer in float64, as plainly as they can be written: what every device is compared with. */

/** Rows of `width` values, one for each token. */
export type Rows = Float64Array

/** x W^T: x `[m, k]`, w `[n, k]` from index `at` on. */
export function matmul(x: Rows, w: Float32Array, n: number, k: number, at = 0): Rows {
  const m = x.length / k
  const out = new Float64Array(m * n)
  for (let column = 0; column < n; column++) {
    const from = at + column * k
    for (let row = 0; row < m; row++) {
      let sum = 0
      for (let i = 0; i < k; i++) sum += x[row * k + i] * w[from + i]
      out[row * n + column] = sum
    }
  }
  return out
}

/** weight * x / sqrt(mean(x^2) + epsilon), over rows of weight.length. */
export function rmsNorm(x: Rows, weight: Float32Array, epsilon: number): Rows {
  const k = weight.length
  const out = new Float64Array(x.length)
  for (let row = 0; row < x.length; row += k) {
    let sum = 0
    for (let i = 0; i < k; i++) sum += x[row + i] ** 2
    const factor = 1 / Math.sqrt(sum / k + epsilon)
    for (let i = 0; i < k; i++) out[row + i] = x[row + i] * factor * weight[i]
  }
  return out
}

/** Rotates `[m, heads, headDim]` in place, pairing i with i + headDim/2; row m is at position m. */
export function rotate(x: Rows, heads: number, frequencies: Float64Array): void {
  const half = frequencies.length
  const headDim = 2 * half
  for (let at = 0; at < x.length; at += headDim) {
    const position = Math.floor(at / (heads * headDim))
    for (let i = 0; i < half; i++) {
      const cos = Math.cos(position * frequencies[i])
      const sin = Math.sin(position * frequencies[i])
      const a = x[at + i]
      const b = x[at + half + i]
      x[at + i] = a * cos - b * sin
      x[at + half + i] = b * cos + a * sin
    }
  }
}

/** Causal attention with grouped queries: queries `[m, heads, headDim]`, keys and values `[m, kvHeads, headDim]`. */
export function attention(
  queries: Rows,
  keys: Rows,
  values: Rows,
  heads: number,
  kvHeads: number,
  headDim: number,
): Rows {
  const m = queries.length / (heads * headDim)
  const out = new Float64Array(queries.length)
  const scores = new Float64Array(m)
  for (let row = 0; row < m; row++) {
    for (let head = 0; head < heads; head++) {
      const q = (row * heads + head) * headDim
      const group = Math.floor(head / (heads / kvHeads))
      let largest = -Infinity
      for (let t = 0; t <= row; t++) {
        const key = (t * kvHeads + group) * headDim
        let dot = 0
        for (let i = 0; i < headDim; i++) dot += queries[q + i] * keys[key + i]
        scores[t] = dot / Math.sqrt(headDim)
        largest = Math.max(largest, scores[t])
      }
      let sum = 0
      for (let t = 0; t <= row; t++) sum += scores[t] = Math.exp(scores[t] - largest)
      for (let t = 0; t <= row; t++) {
        const value = (t * kvHeads + group) * headDim
        for (let i = 0; i < headDim; i++) out[q + i] += (scores[t] / sum) * values[value + i]
      }
    }
  }
  return out
}

/** silu(gate) * up. */
export function swiglu(gate: Rows, up: Rows): Rows {
  return gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i])
}

/** The chosen experts of one token's router logits, best first, and their weights. Ties go to the lower index. */
export function route(
  logits: Float64Array,
  { topK, scoring, normalize, scalingFactor }: Routing,
): { expert: number; weight: number }[] {
  const scores = scoring === 'sigmoid' ? logits.map((x) => 1 / (1 + Math.exp(-x))) : softmax(logits)
  const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b)
  const chosen = order.slice(0, topK)
  const sum = normalize ? chosen.reduce((total, expert) => total + scores[expert], 0) : 1
  return chosen.map((expert) => ({ expert, weight: (scores[expert] / sum) * scalingFactor }))
}

export interface Routing {
  readonly topK: number
  readonly scoring: 'softmax' | 'sigmoid'
  readonly normalize: boolean
  readonly scalingFactor: number
}

function softmax(logits: Float64Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity)
  const exponentials = logits.map((x) => Math.exp(x - largest))
  const sum = exponentials.reduce((a, b) => a + b, 0)
  return exponentials.map((x) => x / sum)
}
