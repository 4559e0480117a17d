type Numbers = ArrayLike<number>

/** [m, k] times [n, k] transposed. */
export const multiply = (x: Numbers, w: Numbers, m: number, n: number, k: number): Float64Array => {
  const out = new Float64Array(m * n)
  for (let row = 0; row < m; row++)
    for (let column = 0; column < n; column++) {
      let sum = 0
      for (let i = 0; i < k; i++) sum += x[row * k + i] * w[column * k + i]
      out[row * n + column] = sum
    }
  return out
}

/** Softmax of each row of [rows, n]. A `sink` of the row is one more term of the sum. */
export const softmax = (x: Numbers, rows: number, n: number, sink?: (row: number) => number): Float64Array => {
  const out = new Float64Array(rows * n)
  for (let row = 0; row < rows; row++) {
    let largest = sink?.(row) ?? -Infinity
    for (let i = 0; i < n; i++) largest = Math.max(largest, x[row * n + i])
    let sum = sink ? Math.exp(sink(row) - largest) : 0
    for (let i = 0; i < n; i++) sum += out[row * n + i] = Math.exp(x[row * n + i] - largest)
    for (let i = 0; i < n; i++) out[row * n + i] /= sum
  }
  return out
}

/** x / sqrt(mean(x^2) + epsilon) * weight for each row of [rows, n]. */
export const rmsNorm = (x: Numbers, weight: Numbers, rows: number, n: number, epsilon: number): Float64Array => {
  const out = new Float64Array(rows * n)
  for (let row = 0; row < rows; row++) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += x[row * n + i] ** 2
    const scale = 1 / Math.sqrt(sum / n + epsilon)
    for (let i = 0; i < n; i++) out[row * n + i] = x[row * n + i] * scale * weight[i]
  }
  return out
}

/** One head of attention for one query: `key(t)` and `value(t)` are rows of `dimension`, `bias(t)` is -Infinity where a key is hidden. */
export const attend = (
  query: Numbers,
  keys: number,
  dimension: number,
  key: (token: number) => Numbers,
  value: (token: number) => Numbers,
  scale: number,
  bias: (token: number) => number = () => 0,
  sink?: number,
): Float64Array => {
  const scores = Float64Array.from({ length: keys }, (_, token) => {
    const row = key(token)
    let sum = 0
    for (let i = 0; i < dimension; i++) sum += query[i] * row[i]
    return sum * scale + bias(token)
  })
  const weights = softmax(scores, 1, keys, sink === undefined ? undefined : () => sink)
  const out = new Float64Array(dimension)
  for (let token = 0; token < keys; token++) {
    const row = value(token)
    for (let i = 0; i < dimension; i++) out[i] += weights[token] * row[i]
  }
  return out
}

/** Mean squared error over mean square of what was expected. NaN, where something was not written, stays NaN. */
export const nmse = (actual: Numbers, expected: Numbers): number => {
  let error = 0
  let square = 0
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] === expected[i]) {
      if (Number.isFinite(expected[i])) square += expected[i] ** 2
      continue
    }
    error += (actual[i] - expected[i]) ** 2
    square += expected[i] ** 2
  }
  return error === 0 ? 0 : error / square
}
