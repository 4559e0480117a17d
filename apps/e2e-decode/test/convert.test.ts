import {
  copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, symlinkSync, writeFileSync,
} from 'node:fs' // prettier-ignore
import { join } from 'node:path'
import { fromMlx, dequantize } from '@metal-fp4/fp4-quant'
import { afterAll, describe, expect, it } from 'vitest'
import { packModel } from '../src/checkpoint/pack-writer.js'
import { openSafetensors } from '../src/checkpoint/safetensors.js'
import { convertToMlx } from '../src/convert/mlx.js'
import { layOutShards } from '../src/convert/shards.js'
import { FileError } from '../src/errors.js'
import { cleanUp, configs, newFolder, randomTensors, writeCheckpoint } from './support/checkpoints.js'

afterAll(cleanUp)

/** The files of a folder and what is in them. */
function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name)).toString('hex')]),
  )
}

/** Runs a conversion that is aborted after `count` tensors. */
async function abortedAfter(
  count: number,
  convert: (options: { signal: AbortSignal; onProgress: (done: number) => void }) => Promise<unknown>,
): Promise<void> {
  const controller = new AbortController()
  const onProgress = (done: number): void => {
    if (done === count) controller.abort(new Error('enough'))
  }
  await expect(convert({ signal: controller.signal, onProgress })).rejects.toThrow('enough')
}

type Convert = (
  source: string,
  target: string,
  options: Partial<Parameters<typeof convertToMlx>[2]> & { onResume?: (finished: number) => void },
) => Promise<unknown>
const conversions: [string, Convert][] = [
  ['packed', (source, target, options) => packModel(source, target, { ...options, mode: 'nvfp4' })],
  ['mlx', (source, target, options) => convertToMlx(source, target, options)],
]

describe.each(conversions)('%s', (_, convert) => {
  it('goes on where it was broken off, and gives the same files', async () => {
    const source = writeCheckpoint(configs.qwen3Moe, { dtype: 'BF16' })
    const [whole, target] = [join(newFolder(), 'whole'), join(newFolder(), 'target')]
    await convert(source, whole, {})
    await abortedAfter(7, (options) => convert(source, target, options))
    expect(existsSync(target)).toBe(false)
    // A line that was cut in the middle, and bytes of a tensor that never became whole.
    const journal = join(`${target}.partial`, 'journal.jsonl')
    writeFileSync(journal, `${readFileSync(journal, 'utf8')}{"name":"half a li`)
    const resumed: number[] = []
    const made: number[] = []
    await convert(source, target, {
      onResume: (finished) => resumed.push(finished),
      onProgress: (done) => made.push(done),
    })
    expect(resumed).toEqual([7])
    expect(made[0]).toBe(1)
    expect(contents(target)).toEqual(contents(whole))
    expect(existsSync(`${target}.partial`)).toBe(false)
  })

  it('makes again what is damaged', async () => {
    const source = writeCheckpoint(configs.llama)
    const [whole, target] = [join(newFolder(), 'whole'), join(newFolder(), 'target')]
    await convert(source, whole, {})
    await abortedAfter(9, (options) => convert(source, target, options))
    const [data] = readdirSync(`${target}.partial`).filter((name) => /\.(bin|safetensors)$/.test(name))
    const bytes = readFileSync(join(`${target}.partial`, data))
    bytes[bytes.length - 100] ^= 1
    writeFileSync(join(`${target}.partial`, data), bytes)
    const resumed: number[] = []
    await convert(source, target, { onResume: (finished) => resumed.push(finished) })
    expect(resumed[0]).toBeLessThan(9)
    expect(contents(target)).toEqual(contents(whole))
  })

  it('begins anew when the checkpoint or the options are others', async () => {
    const source = writeCheckpoint(configs.llama)
    const target = join(newFolder(), 'target')
    await abortedAfter(5, (options) => convert(source, target, options))
    const resumed: number[] = []
    await convert(source, target, { scales: 'mse', onResume: (finished) => resumed.push(finished) })
    expect(resumed).toEqual([])
  })

  it('writes over an earlier result, and leaves other files alone', async () => {
    const source = writeCheckpoint(configs.llama)
    const target = newFolder()
    await convert(source, target, {})
    const before = contents(target)
    writeFileSync(join(target, 'NOTES.md'), 'mine')
    await convert(source, target, {})
    expect(contents(target)).toEqual({ ...before, 'NOTES.md': Buffer.from('mine').toString('hex') })
  })

  it('refuses a target that is a file before it begins', async () => {
    const source = writeCheckpoint(configs.llama)
    const target = join(newFolder(), 'file')
    writeFileSync(target, 'mine')
    await expect(convert(source, target, {})).rejects.toThrow(FileError)
    expect(existsSync(`${target}.partial`)).toBe(false)
    expect(readFileSync(target, 'utf8')).toBe('mine')
  })

  it('does not take a folder of others for unfinished work', async () => {
    const source = writeCheckpoint(configs.llama)
    const target = join(newFolder(), 'target')
    mkdirSync(`${target}.partial`)
    copyFileSync(join(source, 'config.json'), join(`${target}.partial`, 'precious.json'))
    await expect(convert(source, target, {})).rejects.toThrow(FileError)
    expect(readdirSync(`${target}.partial`)).toEqual(['precious.json'])
  })
})

describe.each(conversions)('the target: %s', (_, convert) => {
  const refused = /to be absent, empty or a .*model.*, got a folder of other files \(.*--force/

  it('is no folder that something else has made, unless by force', async () => {
    const source = writeCheckpoint(configs.llama)
    const target = writeCheckpoint(configs.qwen3)
    writeFileSync(join(target, 'NOTES.md'), 'mine')
    const before = contents(target)
    await expect(convert(source, target, {})).rejects.toThrow(refused)
    expect(contents(target)).toEqual(before)
    expect(existsSync(`${target}.partial`)).toBe(false)
    await convert(source, target, { force: true })
    const whole = join(newFolder(), 'whole')
    await convert(source, whole, {})
    expect(contents(target)).toEqual({ ...contents(whole), 'NOTES.md': before['NOTES.md'] })
  })

  it('is no model that the other conversion has made', async () => {
    const source = writeCheckpoint(configs.llama)
    for (const [, other] of conversions.filter(([, one]) => one !== convert)) {
      const target = newFolder()
      await other(source, target, {})
      await expect(convert(source, target, {})).rejects.toThrow(refused)
    }
  })

  it('may be named by a link', async () => {
    const source = writeCheckpoint(configs.llama)
    const target = newFolder()
    const link = join(newFolder(), 'link')
    symlinkSync(target, link)
    await convert(source, link, {})
    expect(realpathSync(link)).toBe(realpathSync(target))
    expect(readdirSync(target)).toContain('config.json')
    const dangling = join(newFolder(), 'dangling')
    symlinkSync(join(newFolder(), 'gone'), dangling)
    await expect(convert(source, dangling, {})).rejects.toThrow('got a link to nothing')
  })

  it('is not the current folder, which would be gone', async () => {
    await expect(convert(writeCheckpoint(configs.llama), '.', { force: true })).rejects.toThrow('got the current one')
  })

  it('comes back when a run was killed before the new model was in its place', async () => {
    const source = writeCheckpoint(configs.llama)
    const target = join(newFolder(), 'target')
    await convert(source, target, {})
    const before = contents(target)
    await abortedAfter(5, (options) => convert(source, target, options))
    renameSync(target, join(`${target}.partial`, '.replaced'))
    await abortedAfter(6, (options) => convert(source, target, options))
    expect(contents(target)).toEqual(before)
    await convert(source, target, {})
    expect(contents(target)).toEqual(before)
  })

  it('keeps its other files when a run was killed after the new model was in its place', async () => {
    const source = writeCheckpoint(configs.llama)
    const target = join(newFolder(), 'target')
    await convert(source, target, {})
    const before = contents(target)
    const old = join(target, '.replaced')
    mkdirSync(old)
    writeFileSync(join(old, 'NOTES.md'), 'mine')
    writeFileSync(join(old, 'config.json'), '{}')
    await abortedAfter(1, (options) => convert(source, target, options))
    expect(contents(target)).toEqual({ ...before, 'NOTES.md': Buffer.from('mine').toString('hex') })
  })

  it('is of one conversion at a time', async () => {
    const source = writeCheckpoint(configs.llama)
    const target = join(newFolder(), 'target')
    const both = await Promise.allSettled([convert(source, target, {}), convert(source, target, {})])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const { reason } = both.find(({ status }) => status === 'rejected') as PromiseRejectedResult
    expect(reason).toMatchObject({
      code: 'ERR_FP4_DECODE_FILE',
      message: expect.stringMatching(/to be free, got a conversion at work on it \(process \d+\)/) as string,
    })
    expect(readdirSync(target)).not.toContain('lock')
  })

  it('has a lock that counts as long as its process lives', async () => {
    const source = writeCheckpoint(configs.llama)
    const target = join(newFolder(), 'target')
    await abortedAfter(4, (options) => convert(source, target, options))
    const lock = join(`${target}.partial`, 'lock')
    expect(existsSync(lock)).toBe(false)
    writeFileSync(lock, `${process.ppid}\n`)
    await expect(convert(source, target, {})).rejects.toThrow(`remove ${lock} when there is none`)
    // Larger than any number of a process; and our own, which is left by a process of an earlier container.
    for (const pid of [2 ** 30, process.pid]) {
      writeFileSync(lock, `${pid}\n`)
      await abortedAfter(5, (options) => convert(source, target, options))
    }
  })
})

describe('a folder for MLX', () => {
  it('has the tensors and the configuration that mlx-lm loads', async () => {
    const config = { ...configs.qwen3Moe, _name_or_path: 'somewhere', moe_intermediate_size: 64 }
    const source = writeCheckpoint(config, { dtype: 'BF16' })
    const target = newFolder()
    const done = await convertToMlx(source, target)
    const json = (name: string): Record<string, unknown> =>
      JSON.parse(readFileSync(join(target, name), 'utf8')) as Record<string, unknown>
    const quantization = { group_size: 32, bits: 4, mode: 'mxfp4' }
    expect(json('config.json')).toMatchObject({
      quantization,
      quantization_config: quantization,
      model_type: 'qwen3_moe',
    })
    expect(json('config.json')).not.toHaveProperty('_name_or_path')
    expect(Object.keys(json('config.json'))).toEqual(Object.keys(json('config.json')).sort())
    expect(done).toMatchObject({ files: ['model.safetensors'], worstSqnrDb: Infinity })

    const file = await openSafetensors(join(target, 'model.safetensors'))
    const shapes = Object.fromEntries([...file.entries].map(([name, { dtype, shape }]) => [name, [dtype, ...shape]]))
    await file.close()
    expect(shapes['model.layers.0.mlp.switch_mlp.gate_proj.weight']).toEqual(['U32', 6, 64, 8])
    expect(shapes['model.layers.0.mlp.switch_mlp.gate_proj.scales']).toEqual(['U8', 6, 64, 2])
    expect(shapes['model.layers.0.self_attn.q_proj.weight']).toEqual(['U32', 64, 8])
    // The router, norms and an embedding that only gives rows stay as they are; so does what no group fits (72 wide).
    expect(shapes['model.layers.0.mlp.gate.weight']).toEqual(['BF16', 6, 64])
    expect(shapes['model.embed_tokens.weight']).toEqual(['BF16', 259, 64])
    expect(shapes['model.layers.1.mlp.down_proj.weight']).toEqual(['BF16', 64, 72])
    expect(shapes).not.toHaveProperty('model.layers.1.mlp.down_proj.scales')
    expect(done.unquantized).toContain('model.layers.1.mlp.down_proj.weight')
    const { weight_map: map } = json('model.safetensors.index.json') as { weight_map: Record<string, string> }
    expect(Object.keys(map).sort()).toEqual(Object.keys(shapes).sort())
  })

  it.each(['mxfp4', 'nvfp4'] as const)('%s: the values are those of the checkpoint, to four bits', async (mode) => {
    const source = writeCheckpoint(configs.qwen3, { dtype: 'F32' })
    const target = newFolder()
    await convertToMlx(source, target, { mode, scales: 'mse' })
    const name = 'model.layers.1.self_attn.q_proj'
    const bytes = readFileSync(join(target, 'model.safetensors'))
    const headerBytes = Number(bytes.readBigUInt64LE(0))
    const header = JSON.parse(bytes.subarray(8, 8 + headerBytes).toString()) as Record<
      string,
      { data_offsets: [number, number] }
    >
    const read = (tensor: string): Uint8Array =>
      Uint8Array.from(
        bytes.subarray(
          8 + headerBytes + header[tensor].data_offsets[0],
          8 + headerBytes + header[tensor].data_offsets[1],
        ),
      )
    const weight = new Uint32Array(read(`${name}.weight`).buffer)
    const back = dequantize(fromMlx({ mode, n: 96, k: 64, weight, scales: read(`${name}.scales`) }))
    const { values } = randomTensors(configs.qwen3)[`${name}.weight`]
    let [noise, signal] = [0, 0]
    // W is [K, N] in what dequantize gives back as [N, K] rows.
    for (const [i, value] of values.entries()) {
      noise += (back[i] - value) ** 2
      signal += value ** 2
    }
    expect(10 * Math.log10(signal / noise)).toBeGreaterThan(16)
  })
})

describe('shards', () => {
  it('hold at most what they may, and a tensor that is larger alone', () => {
    const tensor = (name: string, count: number) => ({ name, dtype: 'U8', shape: [count], elementBytes: 1 })
    const shards = layOutShards(
      [tensor('a', 60), tensor('b', 40), tensor('c', 1), tensor('d', 500), tensor('e', 7)],
      100,
    )
    expect(shards.map(({ file }) => file)).toEqual([1, 2, 3, 4].map((i) => `model-0000${i}-of-00004.safetensors`))
    expect(shards.map(({ offsets }) => [...offsets.keys()])).toEqual([['a', 'b'], ['c'], ['d'], ['e']])
    for (const { header, offsets } of shards) expect([...offsets.values()][0]).toBe(header.length)
    expect(layOutShards([tensor('a', 5)]).map(({ file }) => file)).toEqual(['model.safetensors'])
  })
})
