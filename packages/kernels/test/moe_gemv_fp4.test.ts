import { describe, expect, test } from 'vitest'
import { gemvFp4, moeGemvFp4 } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { moeGemvFp4 as oracle } from '../src/oracles/moe_gemv_fp4.js'
import { type Target, call, deep, describeTargets } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { type Epilogue, type Input, type Shape, callOnThreads, chooseExperts, shapes } from './support/experts.js'
import { activations, packedWeights } from './support/matmul.js'

function makeCase(shape: Shape, format: 'fp4' | 'mxfp4' | 'nvfp4', epilogue: Epilogue, input: Input) {
  const [, m, n, k, experts, topK] = shape
  const weights = packedWeights({ n, k, experts, format, stacks: epilogue === 'swiglu' ? 2 : 1 })
  const { codes, scales, columnScales, groupSize } = weights
  const x = activations('rms 1', m * (input === 'perSlot' ? topK : 1), k)
  return {
    problem: { m, n, k, groupSize, experts, topK },
    constants: { format, epilogue, input },
    args: { activations: x, ids: chooseExperts(shape), codes, scales, columnScales },
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
  await (typeof target === 'number' ? callOnThreads(target, moeGemvFp4, whole) : call(moeGemvFp4, whole, target))
  return out
}

/** Other ways to the same bits: a CPU's other instruction sets, a GPU's kernels for fewer rows together. */
function others(target: Target): readonly (readonly [Target, Rows])[] {
  if (target !== 'metal') return (['avx2', 'plain'] as const).map((isa) => [isa, 'eight'])
  return (deep ? (['one', 'two', 'four'] as const) : (['two'] as const)).map((rows) => ['metal', rows])
}

describeTargets(moeGemvFp4, (target) => {
  describe.each(shapes)('%s', (...shape) => {
    test.each(['fp4', 'mxfp4', 'nvfp4'] as const)('%s', async (format) => {
      for (const epilogue of ['none', 'swiglu'] as const) {
        for (const input of ['shared', 'perSlot'] as const) {
          const spec = makeCase(shape, format, epilogue, input)
          const out = await run(spec, target)
          expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
          if (target === 'metal' && !deep && (epilogue === 'none' || input === 'shared')) continue
          for (const [way, rows] of others(target)) expectSameBits(await run(spec, way, rows), out)
        }
      }
    })
  })

  test('a row has the bits of gemv_fp4 with its expert alone, whatever else is in the batch', async () => {
    const spec = makeCase(shapes[1], 'nvfp4', 'swiglu', 'shared')
    const { m, n, k, groupSize, experts, topK } = spec.problem
    const out = await run(spec, target)
    const { codes, scales, columnScales, ids, activations: x } = spec.args
    const part = <T extends { length: number; slice(a: number, b: number): T }>(all: T, expert: number): T =>
      all.slice((expert * all.length) / experts, ((expert + 1) * all.length) / experts)
    for (const pair of [0, 1, 44, m * topK - 1]) {
      const alone = new Float32Array(n)
      const row = Math.floor(pair / topK)
      await call(
        gemvFp4,
        {
          problem: { m: 1, n, k, groupSize },
          constants: { format: 'nvfp4', epilogue: 'swiglu' },
          args: {
            activations: x.slice(row * k, (row + 1) * k),
            codes: part(codes, ids[pair]),
            scales: scales instanceof Uint8Array ? part(scales, ids[pair]) : scales,
            columnScales: columnScales === null ? null : part(columnScales, ids[pair]),
            out: alone,
          },
        },
        target,
      )
      expectSameBits(out.slice(pair * n, (pair + 1) * n), alone)
    }
  })

  test('an id that names no expert fails, with its row and slot', async () => {
    const fp4 = makeCase(shapes[0], 'fp4', 'none', 'shared')
    fp4.args.ids[1] = 8
    await expect(run(fp4, target)).rejects.toThrow(
      target === 'metal'
        ? '[moe_gemv_fp4] expected ids below the number of experts, got 8 at 1 = row * topK + slot.'
        : '[moe_gemv_fp4] expected ids below experts = 8, got 8 in row 0, slot 1.',
    )
    expect(() => oracle(fp4.problem, fp4.constants, fp4.args)).toThrow('expected ids below experts = 8, got 8')
  })
})

test.each(shapes)('%s: every tile of every chosen expert, whatever the threads', async (...shape) => {
  for (const input of ['shared', 'perSlot'] as const) {
    const spec = makeCase(shape, 'nvfp4', 'swiglu', input)
    const out = await run(spec, 1)
    expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
    expectSameBits(await run(spec, 2), out)
  }
})
