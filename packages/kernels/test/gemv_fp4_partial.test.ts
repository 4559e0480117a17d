import { describe, expect, test } from 'vitest'
import { combinePartials, gemvFp4Partial } from '../src/manifest/index.js'
import { nmse } from '../src/oracles/compare.js'
import { gemvFp4 as whole } from '../src/oracles/gemv_fp4.js'
import { gemvFp4Partial as oracle } from '../src/oracles/gemv_fp4_partial.js'
import { type Target, call, describeTargets } from './support/call.js'
import { expectSameBits } from './support/compare.js'
import { type WeightOptions, activationKinds, activations, packedWeights } from './support/matmul.js'
import { normal } from './support/random.js'

interface Case extends WeightOptions {
  readonly m: number
  readonly splits: number
  readonly kind?: (typeof activationKinds)[number]
}

function makeCase({ m, splits, kind = 'rms 1', ...options }: Case) {
  const weights = packedWeights(options)
  const { n, k, groupSize, format, stacks, codes, scales, columnScales } = weights
  return {
    problem: { m, n, k, groupSize, splits },
    constants: { format, parts: stacks === 2 ? 'two' : 'one' } as const,
    args: { activations: activations(kind, m, k), codes, scales, columnScales },
  }
}

type Spec = ReturnType<typeof makeCase>

async function run(spec: Spec, target: Target = 'best'): Promise<Float32Array> {
  const { m, n, splits } = spec.problem
  const parts = spec.constants.parts === 'two' ? 2 : 1
  const partials = new Float32Array(splits * parts * m * Math.ceil(n / 64) * 64).fill(NaN)
  await call(gemvFp4Partial, { ...spec, args: { ...spec.args, partials } }, target)
  return partials
}

/** The columns that exist: those beyond N hold anything. */
function columns(partials: Float32Array | Float64Array, n: number): Float64Array {
  const width = Math.ceil(n / 64) * 64
  return Float64Array.from(partials.filter((_, i) => i % width < n))
}

const edges: readonly (readonly [string, number, number, number, number])[] = [
  ['one split', 1, 64, 128, 1],
  ['a split for each group', 2, 64, 128, 4],
  ['splits of several groups', 1, 70, 512, 3],
  ['more splits than groups', 3, 65, 96, 5],
  ['a last split of fewer groups', 4, 40, 224, 3],
  ['a ragged last word', 5, 64, 133, 2],
  ['less than a word', 1, 17, 3, 2],
  ['the most rows', 8, 130, 256, 4],
]

describeTargets(gemvFp4Partial, (target) => {
  describe.each(['fp4', 'mxfp4', 'nvfp4'] as const)('%s', (format) => {
    test.each(edges)('%s (m %i, n %i, k %i, %i splits) meets the oracle', async (_, m, n, k, splits) => {
      const groupSize = format === 'fp4' ? { groupSize: 32 } : {}
      const spec = makeCase({ m, n, k, splits, format, ...groupSize })
      const got = columns(await run(spec, target), n)
      const expected = columns(oracle(spec.problem, spec.constants, spec.args).partials, n)
      expect(nmse(got, expected)).toBeLessThan(1e-12)
    })

    test('two parts, and activations of every kind', async () => {
      for (const kind of activationKinds) {
        const spec = makeCase({ m: 2, n: 72, k: 260, splits: 3, format, stacks: 2, kind })
        const got = columns(await run(spec, target), 72)
        expect(nmse(got, columns(oracle(spec.problem, spec.constants, spec.args).partials, 72))).toBeLessThan(1e-12)
      }
    })
  })

  test('row i of an m-row call has the bits of that row alone, whatever `rows` says', async () => {
    const [n, k, splits] = [90, 333, 3]
    const eight = makeCase({ m: 8, n, k, splits, format: 'nvfp4', kind: 'one channel 1000 times the rest' })
    const together = await run(eight, target)
    for (const rows of ['one', 'two', 'four', 'eight'] as const) {
      const m = { one: 1, two: 2, four: 3, eight: 5 }[rows]
      const few = { ...eight, problem: { ...eight.problem, m }, constants: { ...eight.constants, rows } }
      const got = await run(
        { ...few, args: { ...few.args, activations: eight.args.activations.slice(0, m * k) } },
        target,
      )
      for (let split = 0; split < splits; split++) {
        for (let row = 0; row < m; row++) {
          const at = (of: number): number => (split * of + row) * 128
          expectSameBits(got.subarray(at(m), at(m) + n), together.subarray(at(8), at(8) + n))
        }
      }
    }
  })
})

test('every instruction set gives the same bits', async () => {
  const spec = makeCase({ m: 3, n: 100, k: 300, splits: 4, format: 'mxfp4' })
  const best = await run(spec)
  for (const isa of ['avx2', 'plain'] as const) expectSameBits(await run(spec, isa), best)
})

test('its splits, added by combine_partials, are what gemv_fp4 computes', async () => {
  const [m, n, k, splits] = [2, 100, 640, 4]
  for (const epilogue of ['none', 'add', 'swiglu'] as const) {
    const spec = makeCase({ m, n, k, splits, format: 'nvfp4', stacks: epilogue === 'swiglu' ? 2 : 1 })
    const residual = epilogue === 'add' ? normal(m * n, 4) : null
    const out = new Float32Array(m * n)
    const args = { partials: await run(spec), residual, out }
    await call(combinePartials, { problem: { m, n, splits }, constants: { epilogue }, args })
    const constants = { format: spec.constants.format, epilogue }
    expect(nmse(out, whole(spec.problem, constants, { ...spec.args, residual }).out)).toBeLessThan(1e-12)
  }
})

test('`rows` below m is refused', async () => {
  const spec = makeCase({ m: 3, n: 64, k: 64, splits: 1, format: 'mxfp4' })
  await expect(run({ ...spec, constants: { ...spec.constants, rows: 'two' } as never })).rejects.toThrow(
    '[gemv_fp4_partial] expected at most as many rows as the constant rows says',
  )
})
