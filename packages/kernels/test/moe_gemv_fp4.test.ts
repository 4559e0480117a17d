import { describe, expect, test } from 'vitest'
import { gemvFp4, moeGemvFp4 } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { moeGemvFp4 as oracle } from '../src/oracles/moe_gemv_fp4.js'
import { type Isa, call } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { type Epilogue, type Input, type Shape, chooseExperts, shapes } from './support/experts.js'
import { activations, packedWeights } from './support/matmul.js'

function makeCase(
  [, m, n, k, experts, topK]: Shape,
  format: 'fp4' | 'mxfp4' | 'nvfp4',
  epilogue: Epilogue,
  input: Input,
) {
  const weights = packedWeights({ n, k, experts, format, stacks: epilogue === 'swiglu' ? 2 : 1 })
  const { codes, scales, columnScales, groupSize } = weights
  const x = activations('rms 1', m * (input === 'perSlot' ? topK : 1), k)
  return {
    problem: { m, n, k, groupSize, experts, topK },
    constants: { format, epilogue, input },
    args: { activations: x, ids: chooseExperts(m, experts, topK), codes, scales, columnScales },
  }
}

async function run(spec: ReturnType<typeof makeCase>, isa?: Isa): Promise<Float32Array> {
  const { m, n, topK } = spec.problem
  const out = new Float32Array(m * topK * n).fill(NaN)
  await call(moeGemvFp4, { ...spec, args: { ...spec.args, out } }, isa)
  return out
}

describe.each(shapes)('%s', (...shape) => {
  test.each(['fp4', 'mxfp4', 'nvfp4'] as const)('%s', async (format) => {
    for (const epilogue of ['none', 'swiglu'] as const) {
      for (const input of ['shared', 'perSlot'] as const) {
        const spec = makeCase(shape, format, epilogue, input)
        const out = await run(spec)
        expect(nmse(out, oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
        for (const isa of ['avx2', 'plain'] as const) expectSameBits(await run(spec, isa), out)
      }
    }
  })
})

test('a row has the bits of gemv_fp4 with its expert alone, whatever else is in the batch', async () => {
  const spec = makeCase(shapes[1], 'nvfp4', 'swiglu', 'shared')
  const { m, n, k, groupSize, experts, topK } = spec.problem
  const out = await run(spec)
  const { codes, scales, columnScales, ids, activations: x } = spec.args
  const part = <T extends { length: number; slice(a: number, b: number): T }>(all: T, expert: number): T =>
    all.slice((expert * all.length) / experts, ((expert + 1) * all.length) / experts)
  for (const pair of [0, 1, 44, m * topK - 1]) {
    const alone = new Float32Array(n)
    const row = Math.floor(pair / topK)
    await call(gemvFp4, {
      problem: { m: 1, n, k, groupSize },
      constants: { format: 'nvfp4', epilogue: 'swiglu' },
      args: {
        activations: x.slice(row * k, (row + 1) * k),
        codes: part(codes, ids[pair]),
        scales: scales instanceof Uint8Array ? part(scales, ids[pair]) : scales,
        columnScales: columnScales === null ? null : part(columnScales, ids[pair]),
        out: alone,
      },
    })
    expectSameBits(out.slice(pair * n, (pair + 1) * n), alone)
  }
})

test('an id that names no expert fails, with its row and slot', async () => {
  const fp4 = makeCase(shapes[0], 'fp4', 'none', 'shared')
  fp4.args.ids[1] = 8
  await expect(run(fp4)).rejects.toThrow('[moe_gemv_fp4] expected ids below experts = 8, got 8 in row 0, slot 1.')
  expect(() => oracle(fp4.problem, fp4.constants, fp4.args)).toThrow('expected ids below experts = 8, got 8')
})
