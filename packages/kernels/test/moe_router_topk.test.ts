import { expect, test } from 'vitest'
import { moeRouterTopk } from '../src/manifest/index.js'
import { moeRouterTopk as oracle } from '../src/oracles/moe_router_topk.js'
import { call, describeTargets } from './support/call.js'
import { expectSameBits, worstError } from './support/compare.js'
import { fixture } from './support/fixture.js'
import { normal } from './support/random.js'
import { variantsOf } from './support/variants.js'

type Constants = Parameters<typeof oracle>[1]

function makeCase(constants: Constants, m: number, n: number, topK: number, rms = 2) {
  const args = {
    logits: normal(m * n, n, rms),
    bias: constants.bias === 'on' ? normal(n, 4, 0.3) : null,
    ids: new Uint32Array(m * topK).fill(0xffffffff),
    weights: new Float32Array(m * topK).fill(NaN),
  }
  return { problem: { m, n, topK, scalingFactor: 2.5 }, constants, args }
}

describeTargets(moeRouterTopk, (target) => {
  for (const scoring of ['softmax', 'sigmoid'] as const) {
    for (const normalize of ['off', 'on'] as const) {
      for (const bias of ['off', 'on'] as const) {
        test.each([
          ['one expert', 1, 1, 1],
          ['all experts', 2, 5, 5],
          ['8 rows, 8 of 128', 8, 128, 8],
          ['32 of 1024', 3, 1024, 32],
        ])(`${scoring}, normalize ${normalize}, bias ${bias}: %s`, async (_, m, n, topK) => {
          for (const rms of [0.01, 2, 20]) {
            const spec = makeCase({ scoring, normalize, bias }, m, n, topK, rms)
            await call(moeRouterTopk, spec, target)
            const expected = oracle(spec.problem, spec.constants, spec.args)
            expect(spec.args.ids).toEqual(expected.ids)
            expect(worstError(spec.args.weights, expected.weights)).toBeLessThan(2e-6)
          }
        })
      }
    }
  }

  test('ties go to the lower index', async () => {
    const spec = makeCase({}, 1, 6, 4)
    spec.args.logits.set([1, 3, 2, 3, 2, 1])
    await call(moeRouterTopk, spec, target)
    expect(Array.from(spec.args.ids)).toEqual([1, 3, 2, 4])
  })

  test('the bias chooses, and leaves the weights alone', async () => {
    const spec = makeCase({ scoring: 'sigmoid', bias: 'on' }, 1, 3, 1)
    spec.args.logits.set([0, 1, 2])
    spec.args.bias!.set([1, 0, 0])
    await call(moeRouterTopk, spec, target)
    expect(Array.from(spec.args.ids)).toEqual([0])
    expect(spec.args.weights[0]).toBe(0.5 * 2.5)
  })

  test('experts keep their order where sigmoid saturates', async () => {
    const spec = makeCase({ scoring: 'sigmoid' }, 1, 3, 3)
    spec.args.logits.set([100, 102, 101])
    await call(moeRouterTopk, spec, target)
    expect(Array.from(spec.args.ids)).toEqual([1, 2, 0])
  })

  test('a row has the same bits in any company and on every instruction set', async () => {
    for (const scoring of ['softmax', 'sigmoid'] as const) {
      const all = makeCase({ scoring, normalize: 'on', bias: 'on' }, 8, 60, 6)
      await call(moeRouterTopk, all, target)
      for (let m = 1; m <= 8; m++) {
        for (const isa of variantsOf(target)) {
          const args = { ...all.args, ids: new Uint32Array(m * 6), weights: new Float32Array(m * 6) }
          await call(moeRouterTopk, { ...all, problem: { ...all.problem, m }, args }, isa)
          expectSameBits(args.ids, all.args.ids.subarray(0, m * 6))
          expectSameBits(args.weights, all.args.weights.subarray(0, m * 6))
        }
      }
    }
  })

  test.each([
    ['a NaN logit', NaN, 0, 'logit 2 at row 0 is NaN'],
    ['an infinite logit', Infinity, 0, 'logit 2 at row 0 is +infinity'],
    ['a NaN bias', 1, NaN, 'the bias of expert 2 is not a finite number'],
  ])('%s fails', async (_, logit, bias, reason) => {
    const spec = makeCase({ bias: 'on' }, 1, 4, 2)
    spec.args.logits[2] = logit
    spec.args.bias![2] = bias
    await expect(call(moeRouterTopk, spec, target)).rejects.toThrow(`[moe_router_topk] ${reason}`)
    expect(() => oracle(spec.problem, spec.constants, spec.args)).toThrow(`[moe_router_topk] ${reason}`)
  })
})

fixture('moe_router_topk_f32_small', async ({ numbers }) => {
  const logits = Float32Array.from(numbers('logits'))
  const spec = makeCase({ normalize: 'on' }, 6, 8, 2)
  const args = { ...spec.args, logits }
  await call(moeRouterTopk, { problem: { ...spec.problem, scalingFactor: 1 }, constants: spec.constants, args })
  expect(Array.from(args.ids)).toEqual(Array.from(numbers('topk_ids')))
  expect(worstError(args.weights, numbers('topk_weights'))).toBeLessThan(1e-6)
})
