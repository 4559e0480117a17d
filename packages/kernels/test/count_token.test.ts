import { expect, test } from 'vitest'
import { countToken } from '../src/manifest/index.js'
import { countToken as oracle } from '../src/oracles/count_token.js'
import { type Target, call, describeTargets } from './support/call.js'

interface Situation {
  readonly token?: number
  readonly position?: number
  readonly window?: number
  readonly generatedFrom?: number
  readonly history?: readonly number[]
}

function makeCase({ token = 2, position = 3, window = 0, generatedFrom = 9, history = [1, 2, 1, 0, 0, 0] }: Situation) {
  const problem = { n: 5, maxPositions: history.length }
  const seen = new Uint32Array(problem.n)
  for (const one of history.slice(Math.max(0, window === 0 ? 0 : position - window), position)) if (one < 5) seen[one]++
  const args = {
    token: Uint32Array.of(token),
    position: Uint32Array.of(position),
    settings: Uint32Array.of(0, 0, 0, window, generatedFrom),
    history: Uint32Array.from(history),
    seen,
    made: Uint32Array.of(0, 4, 7, 0, 0),
  }
  return { problem, args }
}

/** Counts one token, and checks it against the oracle. */
async function count(situation: Situation, target: Target) {
  const { problem, args } = makeCase(situation)
  const expected = oracle(problem, {}, args)
  await call(countToken, { problem, args }, target)
  const { history, seen, made } = args
  expect({ history, seen, made }).toEqual(expected)
  return { history: Array.from(history), seen: Array.from(seen), made: Array.from(made) }
}

describeTargets(countToken, (target) => {
  test('a token of the prompt is seen', async () => {
    const expected = { history: [1, 2, 1, 2, 0, 0], seen: [0, 2, 2, 0, 0], made: [0, 4, 7, 0, 0] }
    expect(await count({}, target)).toEqual(expected)
  })
  test('from generatedFrom on it is made too', async () => {
    expect((await count({ generatedFrom: 4 }, target)).made).toEqual([0, 4, 7, 0, 0])
    expect((await count({ generatedFrom: 3 }, target)).made).toEqual([0, 4, 8, 0, 0])
  })
  test('what leaves the window is forgotten', async () => {
    expect((await count({ window: 3 }, target)).seen).toEqual([0, 1, 2, 0, 0])
    expect((await count({ window: 1, token: 4 }, target)).seen).toEqual([0, 0, 0, 0, 1])
  })
  test('a window that is not full keeps all', async () => {
    expect((await count({ window: 4 }, target)).seen).toEqual([0, 2, 2, 0, 0])
  })
  test('a token that enters and leaves at once', async () => {
    expect((await count({ window: 2, history: [1, 2, 1, 0], token: 2 }, target)).seen).toEqual([0, 1, 1, 0, 0])
  })
  test('the first and the last position', async () => {
    expect((await count({ position: 0 }, target)).history[0]).toBe(2)
    expect((await count({ position: 5, history: [1, 2, 1, 3, 3, 0] }, target)).history[5]).toBe(2)
  })
  test('a history of nonsense stays inside the counts', async () => {
    expect((await count({ window: 3, history: [99, 2, 1, 0] }, target)).seen).toEqual([0, 1, 2, 0, 0])
  })

  test.each([
    [{ token: 5 }, 'token 5 is outside the vocabulary'],
    [{ position: 6 }, 'position 6 is outside the history'],
  ])('%o fails', async (situation, reason) => {
    const spec = makeCase(situation)
    expect(() => oracle(spec.problem, {}, spec.args)).toThrow(reason)
    await expect(call(countToken, spec, target)).rejects.toThrow(`[count_token] ${reason}`)
  })
})
