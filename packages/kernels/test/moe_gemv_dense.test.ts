import { describe, expect, test } from 'vitest'
import { gemvDense, moeGemvDense } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { moeGemvDense as oracle } from '../src/oracles/moe_gemv_dense.js'
import { type Target, call, deep, describeTargets } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { type Epilogue, type Input, type Shape, callOnThreads, chooseExperts, shapes } from './support/experts.js'
import { activations, denseWeights } from './support/matmul.js'

function makeCase(shape: Shape, type: 'f32' | 'f16' | 'bf16', epilogue: Epilogue, input: Input) {
  const [, m, n, k, experts, topK] = shape
  const weights = denseWeights(type, experts * (epilogue === 'swiglu' ? 2 : 1) * n * k, n + k)
  const x = activations('rms 1', m * (input === 'perSlot' ? topK : 1), k)
  return {
    problem: { m, n, k, experts, topK },
    constants: { type, epilogue, input },
    args: { activations: x, ids: chooseExperts(shape), weights },
  }
}

type Rows = 'one' | 'two' | 'four' | 'eight'

/** Runs the kernel on a target or on so many threads of the CPU. What it does not write is NaN. */
async function run(
  spec: ReturnType<typeof makeCase>,
  target: Target | number = 'best',
  rows: Rows = 'eight',
): Promise<Float32Array> {
  const { m, n, topK } = spec.problem
  const out = new Float32Array(m * topK * n).fill(NaN)
  const whole = { ...spec, constants: { ...spec.constants, rows }, args: { ...spec.args, out } }
  await (typeof target === 'number' ? callOnThreads(target, moeGemvDense, whole) : call(moeGemvDense, whole, target))
  return out
}

/** Other ways to the same bits: a CPU's other instruction sets, a GPU's kernels for fewer rows together. */
function others(target: Target): readonly (readonly [Target, Rows])[] {
  if (target !== 'metal') return (['avx2', 'plain'] as const).map((isa) => [isa, 'eight'])
  return (deep ? (['one', 'two', 'four'] as const) : (['two'] as const)).map((rows) => ['metal', rows])
}

describeTargets(moeGemvDense, (target) => {
  describe.each(shapes)('%s', (...shape) => {
    test.each(['f32', 'f16', 'bf16'] as const)('%s', async (type) => {
      for (const epilogue of ['none', 'swiglu'] as const) {
        for (const input of ['shared', 'perSlot'] as const) {
          const spec = makeCase(shape, type, epilogue, input)
          const out = await run(spec, target)
          expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
          if (target === 'metal' && !deep && (epilogue === 'none' || input === 'shared')) continue
          for (const [way, rows] of others(target)) expectSameBits(await run(spec, way, rows), out)
        }
      }
    })
  })

  test('a dense row has the bits of gemv_dense with its expert alone', async () => {
    const spec = makeCase(shapes[1], 'bf16', 'none', 'perSlot')
    const { n, k } = spec.problem
    const out = await run(spec, target)
    for (const pair of [0, 17, 89]) {
      const alone = new Float32Array(n)
      const expert = spec.args.ids[pair]
      await call(
        gemvDense,
        {
          problem: { m: 1, n, k },
          constants: { type: 'bf16' },
          args: {
            activations: spec.args.activations.slice(pair * k, (pair + 1) * k),
            weights: spec.args.weights.slice(expert * n * k, (expert + 1) * n * k),
            out: alone,
          },
        },
        target,
      )
      expectSameBits(out.slice(pair * n, (pair + 1) * n), alone)
    }
  })

  test('an id that names no expert fails, with its row and slot', async () => {
    const dense = makeCase(shapes[1], 'f32', 'none', 'shared')
    dense.args.ids[31] = 0xffffffff
    await expect(run(dense, target)).rejects.toThrow(
      target === 'metal'
        ? 'expected ids below the number of experts, got 4294967295 at 31 = row * topK + slot.'
        : 'expected ids below experts = 4, got 4294967295 in row 10, slot 1.',
    )
  })
})

test.each(shapes)('%s: every tile of every chosen expert, whatever the threads', async (...shape) => {
  for (const input of ['shared', 'perSlot'] as const) {
    const spec = makeCase(shape, 'bf16', 'swiglu', input)
    const out = await run(spec, 1)
    expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
    expectSameBits(await run(spec, 2), out)
  }
})
