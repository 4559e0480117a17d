/** What decode_gemv_fp4_wide and marlin_gemm_fp4 have in common: canonical layout, half in and out. */
import { float32ToHalfArray, halfToFloat32Array, quantize } from '@metal-fp4/fp4-quant'
import { expect, test } from 'vitest'
import type { decodeGemvFp4Wide, marlinGemmFp4 } from '../../src/manifest/index.js'
import { nmse } from '../../src/oracles/compare.js'
import { decodeGemvFp4Wide as oracle } from '../../src/oracles/decode_gemv_fp4_wide.js'
import { type Target, affordable, call, describeTargets } from './call.js'
import { expectSameBits } from './compare.js'
import { normal } from './random.js'

type Baseline = typeof decodeGemvFp4Wide | typeof marlinGemmFp4

function makeCase(m: number, n: number, k: number, groupSize: number, rms = 1) {
  const { packed: B, scales } = quantize(normal(n * k, n + k, 0.05), { n, k, format: 'fp4', groupSize })
  if (!(scales instanceof Uint16Array)) throw new Error('fp4 has half scales')
  const A = float32ToHalfArray(normal(m * k, m, rms))
  return { problem: { M: m, N: n, K: k, group_size: groupSize }, args: { A, B, scales } }
}

async function run(
  definition: Baseline,
  spec: ReturnType<typeof makeCase>,
  target: Target = 'best',
): Promise<Uint16Array> {
  const C = new Uint16Array(spec.problem.M * spec.problem.N).fill(0x7e00)
  await call<Baseline>(definition, { ...spec, args: { ...spec.args, C } }, target)
  return C
}

/** Half of an ulp of a half, squared, with a factor of 4 in hand: the result is rounded to half. */
const halfRounding = 2 ** -22

const shapes: readonly (readonly [string, m: number, n: number, k: number, groupSize: number])[] = [
  ['one row of one tile', 1, 64, 128, 128],
  ['the 512 columns of a threadgroup', 1, 512, 256, 128],
  ['one column more', 1, 513, 128, 64],
  ['ragged N and K', 2, 70, 133, 32],
  ['a ragged last group', 3, 33, 200, 128],
  ['one group', 8, 40, 72, 72],
  ['less than a word', 2, 20, 5, 16],
  ['a whole tile of rows', 64, 65, 96, 16],
  ['one row more than a tile', 65, 20, 64, 64],
]

/** The tests of one of them. */
export function testBaseline(definition: Baseline): void {
  describeTargets(definition, (target) => {
    // Both compute whole tiles: the GEMM 64 rows whatever M is.
    const cost = (m: number, n: number, k: number): number =>
      (definition.name === 'marlin_gemm_fp4' ? 64 * Math.ceil(m / 64) : m) * n * k
    const affordableShapes = affordable(target, shapes, ([, m, n, k]) => cost(m, n, k))

    test.each(affordableShapes)('%s (M %i, N %i, K %i, group %i)', async (_, m, n, k, groupSize) => {
      const spec = makeCase(m, n, k, groupSize)
      const C = await run(definition, spec, target)
      const expected = oracle(spec.problem, {}, spec.args).C
      expect(nmse(halfToFloat32Array(C), expected)).toBeLessThan(halfRounding)
    })

    test('has the bits of the CPU twin', async () => {
      const spec = makeCase(3, 70, 133, 32)
      expectSameBits(await run(definition, spec, target), await run(definition, spec))
    })

    test('activations of rms 0.001 lose nothing to half products, and of rms 3000 give finite sums', async () => {
      const small = makeCase(1, 96, 1024, 128, 0.001)
      const expected = oracle(small.problem, {}, small.args).C
      // The results are about 0.0016: still normal halves.
      const got = halfToFloat32Array(await run(definition, small, target))
      expect(nmse(got, expected)).toBeLessThan(4 * halfRounding)
      const large = makeCase(1, 96, 64, 64, 3000)
      const out = halfToFloat32Array(await run(definition, large, target))
      expect(nmse(out, oracle(large.problem, {}, large.args).C)).toBeLessThan(halfRounding)
    })

    test('what does not fit a half is infinite', async () => {
      const spec = makeCase(1, 64, 128, 128)
      spec.args.A.fill(0x7bff)
      spec.args.B.fill(0x77777777)
      spec.args.scales.fill(0x3c00)
      expect(new Set(await run(definition, spec, target))).toEqual(new Set([0x7c00]))
    })
  })

  test.each(shapes)('%s: every instruction set gives the same bits', async (_, m, n, k, groupSize) => {
    const spec = makeCase(m, n, k, groupSize)
    const C = await run(definition, spec)
    for (const isa of ['avx2', 'plain'] as const) expectSameBits(await run(definition, spec, isa), C)
  })
}
