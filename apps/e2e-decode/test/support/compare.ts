/** Normalized mean squared error: the squared error by the squared size of what was expected. */
export function nmse(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  let error = 0
  let size = 0
  for (let i = 0; i < expected.length; i++) {
    error += (got[i] - expected[i]) ** 2
    size += expected[i] ** 2
  }
  return got.length === expected.length ? error / size : NaN
}

/** Index of the largest value, and how far it is above the next. */
export function best(logits: ArrayLike<number>): { token: number; gap: number } {
  let token = 0
  let second = -Infinity
  for (let i = 1; i < logits.length; i++) {
    if (logits[i] > logits[token]) {
      second = logits[token]
      token = i
    } else if (logits[i] > second) second = logits[i]
  }
  return { token, gap: logits[token] - second }
}
