import { expect, test } from 'vitest'
import { combinePartials } from '../src/manifest/index.js'
import { combinePartials as oracle } from '../src/oracles/combine_partials.js'
import { type Target, call, describeTargets } from './support/call.js'
import { expectSameBits, worstError } from './support/compare.js'
import { normal } from './support/random.js'

type Epilogue = 'none' | 'add' | 'swiglu'

function makeCase(m: number, n: number, splits: number, epilogue: Epilogue) {
  const count = splits * (epilogue === 'swiglu' ? 2 : 1) * m * Math.ceil(n / 64) * 64
  const residual = epilogue === 'add' ? normal(m * n, 9) : null
  return { problem: { m, n, splits }, constants: { epilogue }, args: { partials: normal(count, n), residual } }
}

async function run(spec: ReturnType<typeof makeCase>, target: Target = 'best'): Promise<Float32Array> {
  const out = new Float32Array(spec.problem.m * spec.problem.n).fill(NaN)
  await call(combinePartials, { ...spec, args: { ...spec.args, out } }, target)
  return out
}

describeTargets(combinePartials, (target) => {
  for (const epilogue of ['none', 'add', 'swiglu'] as const) {
    test.each([
      ['one split', 1, 64, 1],
      ['ragged columns', 3, 70, 2],
      ['fewer columns than a vector', 2, 5, 7],
      ['the most rows', 8, 200, 32],
    ])(`${epilogue}: %s (m %i, n %i, %i splits)`, async (_, m, n, splits) => {
      const spec = makeCase(m, n, splits, epilogue)
      const expected = oracle(spec.problem, spec.constants, spec.args).out
      expect(worstError(await run(spec, target), expected)).toBeLessThan(1e-6)
    })
  }

  test('the residual may be the output', async () => {
    const spec = makeCase(2, 100, 3, 'add')
    const out = Float32Array.from(spec.args.residual ?? [])
    await call(combinePartials, { ...spec, args: { ...spec.args, residual: out, out } }, target)
    expectSameBits(out, await run(spec, target))
  })

  test('splits are added upwards', async () => {
    const spec = makeCase(1, 1, 3, 'none')
    spec.args.partials.fill(0)
    // (1 + 2^-24) - 1 is 0 in this order, 2^-24 in any other.
    for (const [split, value] of [1, 2 ** -24, -1].entries()) spec.args.partials[64 * split] = value
    expect(Array.from(await run(spec, target))).toEqual([0])
  })
})

test('every instruction set gives the same bits', async () => {
  const spec = makeCase(3, 90, 4, 'swiglu')
  const best = await run(spec)
  for (const isa of ['avx2', 'plain'] as const) expectSameBits(await run(spec, isa), best)
})
