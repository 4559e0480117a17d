import { describe, expect, test } from 'vitest'
import { gemvDense, gemvFp4, moeGemvDense, moeGemvFp4 } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { moeGemvDense as denseOracle } from '../src/oracles/moe_gemv_dense.js'
import { moeGemvFp4 as fp4Oracle } from '../src/oracles/moe_gemv_fp4.js'
import { type Isa, call } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { activations, denseWeights, packedWeights } from './support/matmul.js'
import { uniform } from './support/random.js'

type Shape = readonly [string, m: number, n: number, k: number, experts: number, topK: number]

const shapes: readonly Shape[] = [
  ['one row', 1, 64, 128, 8, 2],
  ['more rows for an expert than go together', 30, 40, 72, 4, 3],
  ['every row to every expert', 9, 65, 133, 3, 3],
  ['one expert', 3, 16, 40, 1, 1],
]

type Epilogue = 'none' | 'swiglu'
type Input = 'shared' | 'perSlot'

/** Distinct experts for each row. */
function chooseExperts(m: number, experts: number, topK: number): Uint32Array {
  const random = uniform(m + experts)
  const ids: number[] = []
  for (let row = 0; row < m; row++) {
    const left = Array.from({ length: experts }, (_, i) => i)
    for (let slot = 0; slot < topK; slot++) ids.push(...left.splice(Math.floor(random() * left.length), 1))
  }
  return Uint32Array.from(ids)
}

function fp4Case(
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

async function runFp4(spec: ReturnType<typeof fp4Case>, isa?: Isa): Promise<Float32Array> {
  const { m, n, topK } = spec.problem
  const out = new Float32Array(m * topK * n).fill(NaN)
  await call(moeGemvFp4, { ...spec, args: { ...spec.args, out } }, isa)
  return out
}

function denseCase([, m, n, k, experts, topK]: Shape, type: 'f32' | 'f16' | 'bf16', epilogue: Epilogue, input: Input) {
  const weights = denseWeights(type, experts * (epilogue === 'swiglu' ? 2 : 1) * n * k, n + k)
  const x = activations('rms 1', m * (input === 'perSlot' ? topK : 1), k)
  return {
    problem: { m, n, k, experts, topK },
    constants: { type, epilogue, input },
    args: { activations: x, ids: chooseExperts(m, experts, topK), weights },
  }
}

async function runDense(spec: ReturnType<typeof denseCase>, isa?: Isa): Promise<Float32Array> {
  const { m, n, topK } = spec.problem
  const out = new Float32Array(m * topK * n).fill(NaN)
  await call(moeGemvDense, { ...spec, args: { ...spec.args, out } }, isa)
  return out
}

describe.each(shapes)('%s', (...shape) => {
  test.each(['fp4', 'mxfp4', 'nvfp4'] as const)('moe_gemv_fp4, %s', async (format) => {
    for (const epilogue of ['none', 'swiglu'] as const) {
      for (const input of ['shared', 'perSlot'] as const) {
        const spec = fp4Case(shape, format, epilogue, input)
        const out = await runFp4(spec)
        expect(nmse(out, fp4Oracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
        for (const isa of ['avx2', 'plain'] as const) expectSameBits(await runFp4(spec, isa), out)
      }
    }
  })

  test.each(['f32', 'f16', 'bf16'] as const)('moe_gemv_dense, %s', async (type) => {
    for (const epilogue of ['none', 'swiglu'] as const) {
      for (const input of ['shared', 'perSlot'] as const) {
        const spec = denseCase(shape, type, epilogue, input)
        const out = await runDense(spec)
        expect(nmse(out, denseOracle(spec.problem, spec.constants, spec.args).out)).toBeLessThan(1e-12)
        for (const isa of ['avx2', 'plain'] as const) expectSameBits(await runDense(spec, isa), out)
      }
    }
  })
})

test('a row has the bits of gemv_fp4 with its expert alone, whatever else is in the batch', async () => {
  const spec = fp4Case(shapes[1], 'nvfp4', 'swiglu', 'shared')
  const { m, n, k, groupSize, experts, topK } = spec.problem
  const out = await runFp4(spec)
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

test('a dense row has the bits of gemv_dense with its expert alone', async () => {
  const spec = denseCase(shapes[1], 'bf16', 'none', 'perSlot')
  const { n, k } = spec.problem
  const out = await runDense(spec)
  for (const pair of [0, 17, 89]) {
    const alone = new Float32Array(n)
    const expert = spec.args.ids[pair]
    await call(gemvDense, {
      problem: { m: 1, n, k },
      constants: { type: 'bf16' },
      args: {
        activations: spec.args.activations.slice(pair * k, (pair + 1) * k),
        weights: spec.args.weights.slice(expert * n * k, (expert + 1) * n * k),
        out: alone,
      },
    })
    expectSameBits(out.slice(pair * n, (pair + 1) * n), alone)
  }
})

test('an id that names no expert fails, with its row and slot', async () => {
  const fp4 = fp4Case(shapes[0], 'fp4', 'none', 'shared')
  fp4.args.ids[1] = 8
  await expect(runFp4(fp4)).rejects.toThrow('[moe_gemv_fp4] expected ids below experts = 8, got 8 in row 0, slot 1.')
  expect(() => fp4Oracle(fp4.problem, fp4.constants, fp4.args)).toThrow('expected ids below experts = 8, got 8')
  const dense = denseCase(shapes[1], 'f32', 'none', 'shared')
  dense.args.ids[31] = 0xffffffff
  await expect(runDense(dense)).rejects.toThrow('expected ids below experts = 4, got 4294967295 in row 10, slot 1.')
})
