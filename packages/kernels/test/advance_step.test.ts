import { expect, test } from 'vitest'
import { advanceStep } from '../src/manifest/index.js'
import { advanceStep as oracle } from '../src/oracles/advance_step.js'
import { type Target, call, describeTargets } from './support/call.js'

interface Situation {
  readonly token?: number
  readonly position?: number
  /** done, produced, limit */
  readonly state?: readonly [number, number, number]
  readonly endTokens?: readonly number[]
  readonly ringSize?: number
  readonly maxPositions?: number
}

/** Runs one step and checks it against the oracle. */
async function step(situation: Situation, target: Target) {
  const { token = 7, position = 10, state = [0, 3, 100], endTokens = [], ringSize = 4, maxPositions = 1000 } = situation
  const problem = { ringSize, endTokenCount: endTokens.length, maxPositions }
  const args = {
    token: Uint32Array.of(token),
    position: Uint32Array.of(position),
    state: Uint32Array.from(state),
    endTokens: endTokens.length > 0 ? Uint32Array.from(endTokens) : null,
    ring: new Uint32Array(ringSize).fill(99),
  }
  const expected = oracle(problem, {}, args)
  await call(advanceStep, { problem, args }, target)
  const { position: moved, state: after, ring } = args
  expect({ position: moved, state: after, ring }).toEqual(expected)
  return { position: moved[0], state: Array.from(after), ring: Array.from(ring) }
}

describeTargets(advanceStep, (target) => {
  test('publishes the token and moves on', async () => {
    expect(await step({}, target)).toEqual({ position: 11, state: [0, 4, 100], ring: [99, 99, 99, 7] })
  })
  test('the ring wraps', async () => {
    expect((await step({ state: [0, 4, 100] }, target)).ring).toEqual([7, 99, 99, 99])
  })
  test('an end token: 1', async () => {
    expect((await step({ endTokens: [1, 7, 9] }, target)).state).toEqual([1, 4, 100])
    expect((await step({ endTokens: [1, 8, 9] }, target)).state).toEqual([0, 4, 100])
  })
  test('the limit: 2', async () => {
    expect((await step({ state: [0, 99, 100] }, target)).state).toEqual([2, 100, 100])
    expect((await step({ state: [0, 98, 100] }, target)).state).toEqual([0, 99, 100])
  })
  test('the last position: 2', async () => {
    expect((await step({ position: 999 }, target)).state).toEqual([2, 4, 100])
    expect((await step({ position: 998 }, target)).state).toEqual([0, 4, 100])
  })
  test('an end token at the limit: 1', async () => {
    expect((await step({ endTokens: [7], state: [0, 99, 100] }, target)).state).toEqual([1, 100, 100])
  })
  test('nonsense in the state stays inside the ring', async () => {
    expect((await step({ state: [0, 0xfffffffe, 5], ringSize: 3 }, target)).state).toEqual([2, 0xffffffff, 5])
  })
})
