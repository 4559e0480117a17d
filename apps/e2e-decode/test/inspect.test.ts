import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measureError } from '@metal-fp4/fp4-quant'
import { afterAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../src/checkpoint/index.js'
import { packModel } from '../src/checkpoint/pack-writer.js'
import { inspectModel } from '../src/inspect/inspect.js'
import { loadModel } from '../src/load-model.js'
import { readPackedValues } from '../src/reference/packed-weights.js'
import { cleanUp, configs, newFolder, randomTensors, writeCheckpoint } from './support/checkpoints.js'

afterAll(cleanUp)

describe('inspectModel', () => {
  it.each(['fp4', 'mxfp4', 'nvfp4'] as const)('%s: the numbers are those of the loaded model', async (mode) => {
    const folder = writeCheckpoint(configs.qwen3Moe, { dtype: 'BF16' })
    const seen = await inspectModel(folder, { quantization: { mode }, measure: false })
    await using model = await loadModel(folder, { quantize: mode, threads: 1 })
    const { parameters, weightBytes, bytesPerToken } = model.describe()
    expect(seen).toMatchObject({ parameters, weightBytes, bytesPerToken, error: undefined })
    expect(seen.layers).toHaveLength(4)
  })

  it('errors are those of the values in the packed file, walked as its format is written down', async () => {
    const source = writeCheckpoint(configs.qwen3)
    const packed = newFolder()
    await packModel(source, packed, { mode: 'nvfp4', scales: 'mse' })
    const { tensors, error } = await inspectModel(packed, { original: source })
    const checkpoint = await openCheckpoint(packed)
    if (checkpoint.kind !== 'packed') throw new Error('expected a packed folder')
    const originals = randomTensors(configs.qwen3)
    const down = tensors.find(({ name }) => name === 'layers.1.down')
    const expected = measureError(
      originals['model.layers.1.mlp.down_proj.weight'].values,
      await readPackedValues(checkpoint, 'layers.1.down'),
    )
    expect(down?.error?.sqnrDb).toBeCloseTo(expected.sqnrDb, 6)
    expect(down?.error?.rmse).toBeCloseTo(expected.rmse, 9)
    expect(down?.error?.maxAbsoluteError).toBe(expected.maxAbsoluteError)
    expect(down?.error?.cosine).toBeCloseTo(expected.cosine, 6)
    expect(error?.sqnrDb).toBeGreaterThan(18)
    expect(tensors.filter((tensor) => tensor.error !== undefined).map(({ format }) => format)).not.toContain('f32')
  })

  it('what is stored as it was has no error', async () => {
    const seen = await inspectModel(writeCheckpoint(configs.llama), { quantization: { mode: 'none' } })
    expect(seen.error).toBeUndefined()
    expect(seen.tensors.every(({ error }) => error === undefined)).toBe(true)
  })

  it('a packed folder has its format already', async () => {
    const packed = newFolder()
    await packModel(writeCheckpoint(configs.llama), packed, { mode: 'fp4' })
    await expect(inspectModel(packed, { quantization: { mode: 'nvfp4' } })).rejects.toThrow(
      /expected no format \(quantization, --q-mode\) .*, got one\. It is packed already/,
    )
  })

  it.skipIf(process.platform !== 'linux')('closes the checkpoint when it refuses', async () => {
    const folder = writeCheckpoint(configs.llama)
    await expect(inspectModel(folder, { original: folder })).rejects.toThrow(/expected no original/)
    const links = readdirSync('/proc/self/fd').map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return ''
      }
    })
    expect(links.filter((path) => path.startsWith(folder))).toEqual([])
  })

  it('stops when it is aborted', async () => {
    const controller = new AbortController()
    const onProgress = (done: number): void => {
      if (done === 3) controller.abort(new Error('enough'))
    }
    const folder = writeCheckpoint(configs.llama)
    await expect(inspectModel(folder, { onProgress, signal: controller.signal })).rejects.toThrow('enough')
  })

  it('names a tensor with values that are no numbers', async () => {
    const folder = writeCheckpoint(configs.llama)
    const file = join(folder, 'model.safetensors')
    const bytes = readFileSync(file)
    // The last tensor of the file is the output matrix.
    bytes.writeFloatLE(NaN, bytes.length - 4)
    writeFileSync(file, bytes)
    await expect(inspectModel(folder)).rejects.toThrow(/tensor "lm_head.weight": expected finite values, got NaN/)
  })
})
