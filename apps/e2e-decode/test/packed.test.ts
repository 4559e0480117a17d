import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packModel } from '../src/checkpoint/pack-writer.js'
import { pageAlignment } from '../src/checkpoint/packed-format.js'
import { CheckpointError } from '../src/errors.js'
import { loadModel } from '../src/load-model.js'
import { openReference } from '../src/reference/index.js'
import { cleanUp, configs, newFolder, writeCheckpoint } from './support/checkpoints.js'
import { nmse } from './support/compare.js'

afterAll(cleanUp)

const tokens = Array.from({ length: 20 }, (_, i) => (37 * i) % 259)

describe('packed folder', () => {
  it.each([
    ['qwen3Moe', 'fp4'],
    ['llamaTied', 'mxfp4'],
    ['llama', 'nvfp4'],
    ['qwen3', 'none'],
  ] as const)('%s in %s gives the bits of quantizing at load', async (name, mode) => {
    const source = writeCheckpoint(configs[name], { dtype: 'BF16' })
    const target = newFolder()
    const bytes = await packModel(source, target, { mode })
    expect(bytes % pageAlignment).toBe(0)
    expect(readdirSync(target).sort()).toEqual(['config.json', 'packed.bin', 'packed.json', 'tokenizer.json', 'tokenizer_config.json']) // prettier-ignore
    await using quantized = await loadModel(source, { quantize: mode, precision: 'float32' })
    await using mapped = await loadModel(target, { precision: 'float32' })
    const expected = await quantized.logits(tokens, { rows: 'all' })
    const logits = await mapped.logits(tokens, { rows: 'all' })
    expect(new Uint8Array(logits.buffer)).toEqual(new Uint8Array(expected.buffer))
    expect(nmse(logits, await (await openReference(target)).logits(tokens))).toBeLessThanOrEqual(1e-4)
    expect(mapped.describe()).toMatchObject({ ...quantized.describe(), source: target })
  })

  it('does not write over the checkpoint', async () => {
    const source = writeCheckpoint(configs.llama)
    const before = readdirSync(source)
    await expect(packModel(source, join(source, '.'), { mode: 'fp4' })).rejects.toThrow('Name another folder to write')
    expect(readdirSync(source)).toEqual(before)
  })

  it('aligns what is large to pages', async () => {
    const target = newFolder()
    await packModel(writeCheckpoint(configs.llama), target, { mode: 'none' })
    const { tensors } = JSON.parse(readFileSync(join(target, 'packed.json'), 'utf8')) as {
      tensors: Record<string, { data: { offset: number; byteLength: number } }>
    }
    const large = Object.values(tensors).filter(({ data }) => data.byteLength >= pageAlignment)
    expect(large.length).toBeGreaterThan(5)
    for (const { data } of large) expect(data.offset % pageAlignment).toBe(0)
  })

  it('stops when it is aborted, and leaves no model behind', async () => {
    const target = newFolder()
    const options = { mode: 'fp4', signal: AbortSignal.abort(new Error('no')) } as const
    await expect(packModel(writeCheckpoint(configs.llama), target, options)).rejects.toThrow('no')
    expect(readdirSync(target)).not.toContain('packed.json')
  })
})

describe('a malformed packed folder', () => {
  let good: string
  beforeAll(async () => {
    good = newFolder()
    await packModel(writeCheckpoint(configs.qwen3Moe), good, { mode: 'nvfp4' })
  })

  type Index = Record<string, unknown> & { tensors: Record<string, Record<string, unknown>> }
  /** A copy whose packed.json is changed. */
  function changed(change: (index: Index) => void): string {
    const folder = join(newFolder(), 'model')
    mkdirSync(folder)
    for (const name of readdirSync(good)) copyFileSync(join(good, name), join(folder, name))
    const path = join(folder, 'packed.json')
    const index = JSON.parse(readFileSync(path, 'utf8')) as Index
    change(index)
    writeFileSync(path, JSON.stringify(index))
    return folder
  }

  const faults: [string, RegExp, (index: Index) => void][] = [
    ['another format', /"format": expected "metal-fp4-packed", got "zip"/, (index) => (index.format = 'zip')],
    ['a newer version', /"version": expected 1, got 2/, (index) => (index.version = 2)],
    [
      'another length',
      /packed.bin: expected 17 bytes, as packed.json says, got \d+/,
      (index) => (index.byteLength = 17),
    ],
    ['no tensors', /"tensors": expected an object, got 3/, (index) => Object.assign(index, { tensors: 3 })],
    ['a missing tensor', /"tensors.layers.0.down": expected the tensor, got nothing/, (index) => delete index.tensors['layers.0.down']], // prettier-ignore
    ['another shape', /"tensors.layers.0.down.shape": expected \[6, 1, 64, 40\], got \[6, 1, 40, 64\]/, (index) => (index.tensors['layers.0.down'].shape = [6, 1, 40, 64])], // prettier-ignore
    ['an unknown type', /"tensors.output.dtype": expected f32, .*, got "int4"/, (index) => (index.tensors.output.dtype = 'int4')], // prettier-ignore
    ['an unknown layout', /"tensors.output.layout": expected "columns64", got "columns32"/, (index) => (index.tensors.output.layout = 'columns32')], // prettier-ignore
    ['another group', /"tensors.output.groupSize": expected an integer from 16 to 16, got 32/, (index) => (index.tensors.output.groupSize = 32)], // prettier-ignore
    ['other parts', /"tensors.layers.0.queryKeyValue.parts": expected \[64, 32, 32\], got \[128\]/, (index) => (index.tensors['layers.0.queryKeyValue'].parts = [128])], // prettier-ignore
    ['a range out of the file', /"tensors.output.codes.offset": expected a range that ends within/, (index) => ((index.tensors.output.codes as { offset: number }).offset = 2 ** 40)], // prettier-ignore
    ['a crooked range', /"tensors.output.codes.offset": expected a multiple of 256, got 3/, (index) => ((index.tensors.output.codes as { offset: number }).offset = 3)], // prettier-ignore
    ['a short range', /"tensors.output.scales.byteLength": expected \d+, got 8/, (index) => ((index.tensors.output.scales as { byteLength: number }).byteLength = 8)], // prettier-ignore
    ['a layer too many', /packed.json, "tensors.layers.4.down": expected only tensors of qwen3_moe with 4 layers, got an object/, (index) => (index.tensors['layers.4.down'] = index.tensors['layers.3.down'])], // prettier-ignore
    ['two tensors in the same bytes', /packed.json, "tensors.layers.\d.down.codes": expected a range from byte \d+ on, where "tensors.layers.\d.down.codes" ends, got offset \d+/, (index) => (index.tensors['layers.3.down'] = index.tensors['layers.2.down'])], // prettier-ignore
    ['a missing range', /"tensors.output.columnScales": expected an object with offset and byteLength, got nothing/, (index) => delete index.tensors.output.columnScales], // prettier-ignore
  ]
  it.each(faults)('is refused: %s', async (_, message, change) => {
    const error = await loadModel(changed(change)).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CheckpointError)
    expect((error as CheckpointError).message).toMatch(message)
  })

  it('is refused: another number of layers', async () => {
    const folder = changed(() => undefined)
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...configs.qwen3Moe, num_hidden_layers: 3 }))
    await expect(loadModel(folder)).rejects.toThrow(
      /packed.json, "tensors.layers.3.inputNorm": expected only tensors of qwen3_moe with 3 layers/,
    )
  })

  it('is refused: truncated data', async () => {
    const folder = changed(() => undefined)
    truncateSync(join(folder, 'packed.bin'), 1000)
    await expect(loadModel(folder)).rejects.toThrow(/packed.bin: expected \d+ bytes, as packed.json says, got 1000/)
  })

  it('is refused: no data', async () => {
    const folder = changed(() => undefined)
    rmSync(join(folder, 'packed.bin'))
    await expect(loadModel(folder)).rejects.toThrow(/packed.bin: expected a readable file, got none/)
  })

  it('is not quantized again', async () => {
    await expect(loadModel(good, { quantize: 'fp4' })).rejects.toThrow(/expected no format \(quantize, --q-mode\)/)
  })
})
