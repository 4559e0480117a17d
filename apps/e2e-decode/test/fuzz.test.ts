import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../src/checkpoint/index.js'
import { CheckpointError } from '../src/errors.js'
import { loadModel } from '../src/load-model.js'
import { packModel } from '../src/checkpoint/pack-writer.js'
import { cleanUp, configs, newFolder, randomTensors, writeCheckpoint } from './support/checkpoints.js'
import { fileBytes, layOut } from './support/safetensors-writer.js'

afterAll(cleanUp)

/** Opening either works or names what is wrong: nothing else may be thrown, whatever is in the files. */
async function expectNamed(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(CheckpointError)
    expect((error as Error).message).toMatch(/^\[checkpoint\] .+: expected .+, got .+\. /s)
  }
}

async function open(folder: string): Promise<void> {
  const checkpoint = await openCheckpoint(folder)
  if (checkpoint.kind === 'huggingface') await checkpoint.store.close()
}

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(-1, 0, 0.5, 1e300, 2 ** 53, '', '64', [], {}, null, [1], [-1, 2]),
)

describe('files from strangers', () => {
  it('config.json with anything in it', async () => {
    const folder = writeCheckpoint(configs.qwen3Moe)
    const keys = [...Object.keys(configs.qwen3Moe), 'rope_scaling', 'rope_parameters', 'hidden_act', 'layer_types', 'quantization_config'] // prettier-ignore
    const rope = fc.record(
      { rope_type: junk, factor: junk, partial_rotary_factor: junk, rope_theta: junk },
      { requiredKeys: [] },
    )
    const change = fc.dictionary(fc.constantFrom(...keys), fc.oneof(junk, rope), { maxKeys: 2 })
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...configs.qwen3Moe, ...changes }))
        await expectNamed(() => open(folder))
      }),
      { numRuns: 200 },
    )
  })

  it('safetensors headers with anything in them', async () => {
    const folder = writeCheckpoint(configs.llama)
    const { header, data } = layOut(randomTensors(configs.llama))
    const names = Object.keys(header)
    const entry = fc.oneof(junk, fc.record({ dtype: junk, shape: junk, data_offsets: junk }, { requiredKeys: [] }))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names, '__proto__', ''), entry, fc.boolean(), async (name, value, merge) => {
        const old = (header as Record<string, object | undefined>)[name]
        const next = merge && typeof value === 'object' ? Object.assign({}, old, value) : value
        const text = JSON.stringify({ ...header, [name]: next })
        writeFileSync(join(folder, 'model.safetensors'), fileBytes(text, data))
        await expectNamed(() => open(folder))
      }),
      { numRuns: 200 },
    )
  })

  it('safetensors files of any bytes', async () => {
    const folder = writeCheckpoint(configs.llama)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        writeFileSync(join(folder, 'model.safetensors'), bytes)
        await expectNamed(() => open(folder))
      }),
      { numRuns: 200 },
    )
  })

  it('packed.json, generation_config.json and tokenizer_config.json with anything in them', async () => {
    const folder = newFolder()
    await packModel(writeCheckpoint(configs.qwen3), folder, { mode: 'nvfp4' })
    const { default: index } = (await import(join(folder, 'packed.json'), { with: { type: 'json' } })) as {
      default: { tensors: Record<string, object> }
    }
    const names = Object.keys(index.tensors)
    const keys = ['layout', 'dtype', 'shape', 'groupSize', 'parts', 'codes', 'scales', 'columnScales', 'data']
    const range = fc.record({ offset: junk, byteLength: junk }, { requiredKeys: [] })
    const generation = fc.record(
      { eos_token_id: junk, do_sample: junk, temperature: junk, top_k: junk, min_p: junk },
      { requiredKeys: [] },
    )
    const config = fc.record({ add_bos_token: junk, bos_token: junk }, { requiredKeys: [] })
    const changes = fc.tuple(
      fc.constantFrom(...names),
      fc.constantFrom(...keys),
      fc.oneof(junk, range),
      fc.option(generation),
      fc.option(config),
    )
    await fc.assert(
      fc.asyncProperty(changes, async ([name, key, value, generationConfig, tokenizerConfig]) => {
        const tensors = { ...index.tensors, [name]: { ...index.tensors[name], [key]: value } }
        writeFileSync(join(folder, 'packed.json'), JSON.stringify({ ...index, tensors }))
        writeFileSync(join(folder, 'generation_config.json'), JSON.stringify(generationConfig ?? {}))
        writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig ?? {}))
        await expectNamed(async () => (await loadModel(folder, { context: 64, threads: 1 })).dispose())
      }),
      { numRuns: 60 },
    )
  })
})
