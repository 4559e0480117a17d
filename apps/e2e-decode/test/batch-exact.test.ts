import { afterAll, describe, expect, it } from 'vitest'
import { loadModel } from '../src/load-model.js'
import { cleanUp, configs, writeCheckpoint } from './support/checkpoints.js'
import { random } from './support/random.js'

afterAll(cleanUp)

const next = random(5)
const tokens = Array.from({ length: 75 }, () => Math.floor(next() * 259))

const kinds = [
  ['none', undefined],
  ...(['fp4', 'mxfp4', 'nvfp4'] as const).flatMap((format) => [
    [format, 'float32'] as const,
    [format, 'int8'] as const,
  ]),
] as const

describe.each(kinds)('whole-step logits, %s, precision %s', (quantize, precision) => {
  it.each(['llama', 'qwen3Moe'] as const)('%s: rows of 2..8 have the bits of one row at a time', async (name) => {
    await using model = await loadModel(writeCheckpoint(configs[name], { dtype: 'F16' }), {
      quantize,
      ...(precision && { precision }),
    })
    const one = new Uint32Array((await model.logits(tokens, { rows: 'all', chunk: 1 })).buffer)
    for (let chunk = 2; chunk <= 8; chunk++) {
      const several = new Uint32Array((await model.logits(tokens, { rows: 'all', chunk })).buffer)
      expect(
        several.findIndex((bits, i) => bits !== one[i]),
        `chunks of ${chunk}`,
      ).toBe(-1)
    }
    // Chunks of a prompt take the GEMM and the one-pass attention, which keep the same order.
    const many = new Uint32Array((await model.logits(tokens, { rows: 'all', chunk: 64 })).buffer)
    expect(
      many.findIndex((bits, i) => bits !== one[i]),
      'chunks of 64',
    ).toBe(-1)
  })
})
