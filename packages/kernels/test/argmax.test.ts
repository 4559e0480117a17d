import { expect, test } from 'vitest'
import { argmax } from '../src/manifest/index.js'
import { argmax as oracle } from '../src/oracles/argmax.js'
import { type Target, affordable, call, describeTargets } from './support/call.js'
import { normal, uniform } from './support/random.js'

async function kernel(target: Target, logits: Float32Array, m = 1): Promise<Uint32Array> {
  const tokens = new Uint32Array(m).fill(0xffffffff)
  await call(argmax, { problem: { m, n: logits.length / m }, args: { logits, tokens } }, target)
  return tokens
}

/** The kernel's tokens, compared with the oracle's. */
async function run(target: Target, logits: Float32Array, m = 1): Promise<number[]> {
  const tokens = await kernel(target, logits, m)
  expect(tokens).toEqual(oracle({ m, n: logits.length / m }, {}, { logits }).tokens)
  return Array.from(tokens)
}

const shapes = [
  [1, 1],
  [1, 15],
  [8, 1000],
  [2, 2500],
  [2, 151936],
] as const

describeTargets(argmax, (target) => {
  test.each(affordable(target, shapes, ([m, n]) => m * n, 1e5))('%i rows of %i logits', async (m, n) => {
    await run(target, normal(m * n, n, 10), m)
  })

  test('every index can be the largest', async () => {
    const n = 67
    const logits = normal(n * n, 1)
    for (let i = 0; i < n; i++) logits[i * n + i] = 100
    expect(await run(target, logits, n)).toEqual(Array.from({ length: n }, (_, i) => i))
  })

  test('ties go to the lower index, and 0 and -0 tie', async () => {
    const random = uniform(2)
    for (let i = 0; i < (target === 'metal' ? 5 : 50); i++)
      await run(
        target,
        Float32Array.from({ length: 100 }, () => Math.floor(random() * 4)),
      )
    expect(await run(target, Float32Array.of(-1, -0, 0, -2))).toEqual([1])
    expect(await run(target, Float32Array.of(-1, 0, -0, -2))).toEqual([1])
    expect(await run(target, new Float32Array(40))).toEqual([0])
  })

  test('masked logits of -infinity lose to any number', async () => {
    const logits = new Float32Array(33).fill(-Infinity)
    logits[20] = -3e38
    expect(await run(target, logits)).toEqual([20])
  })

  test.each([
    ['NaN', NaN, 'logit 3 at row 1 is NaN'],
    ['+infinity', Infinity, 'logit 3 at row 1 is +infinity'],
  ])('%s fails, and says where', async (_, value, reason) => {
    const logits = normal(20, 3)
    logits[13] = value
    await expect(kernel(target, logits, 2)).rejects.toThrow(`[argmax] ${reason}`)
    expect(() => oracle({ m: 2, n: 10 }, {}, { logits })).toThrow(`[argmax] ${reason}`)
  })

  test('a NaN with its sign set fails too', async () => {
    const logits = normal(10, 3)
    new Uint32Array(logits.buffer)[4] = 0xffc00000
    await expect(kernel(target, logits)).rejects.toThrow(/^\[argmax\] logit 4 at row 0 is NaN/)
  })

  test('a row of nothing but -infinity fails', async () => {
    const logits = normal(20, 3).fill(-Infinity, 10)
    await expect(kernel(target, logits, 2)).rejects.toThrow('[argmax] no logit at row 1 is above -infinity')
  })
})
