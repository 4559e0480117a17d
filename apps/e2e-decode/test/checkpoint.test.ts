import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../src/checkpoint/index.js'
import { CheckpointError } from '../src/errors.js'
import { loadModel } from '../src/load-model.js'
import { cleanUp, configs, newFolder, randomTensors, writeCheckpoint } from './support/checkpoints.js'
import { type TensorInput, writeSafetensors } from './support/safetensors-writer.js'

afterAll(cleanUp)

async function openAndClose(folder: string): Promise<void> {
  const checkpoint = await openCheckpoint(folder)
  if (checkpoint.kind === 'huggingface') await checkpoint.store.close()
}

describe('config.json', () => {
  const faults: [string, Record<string, unknown>, RegExp][] = [
    ['another architecture', { architectures: ['GPT2LMHeadModel'] }, /"architectures": expected one of LlamaForCausalLM, .*, got \["GPT2LMHeadModel"\]/], // prettier-ignore
    ['a classifier', { architectures: ['LlamaForSequenceClassification'] }, /"architectures": expected one of/],
    [
      'a string for a number',
      { hidden_size: '64' },
      /"hidden_size": expected an integer from 1 to 2147483647, got "64"/,
    ],
    ['a missing entry', { intermediate_size: null }, /"intermediate_size": expected an integer .*, got nothing/],
    ['zero layers', { num_hidden_layers: 0 }, /"num_hidden_layers": expected an integer from 1 to 4096, got 0/],
    ['absurdly many layers', { num_hidden_layers: 1e9 }, /"num_hidden_layers": expected an integer from 1 to 4096, got 1000000000/], // prettier-ignore
    ['heads that do not group', { num_key_value_heads: 3 }, /"num_key_value_heads": expected a divisor of num_attention_heads \(4\), got 3/], // prettier-ignore
    [
      'a width that heads do not divide',
      { num_attention_heads: 6 },
      /"head_dim": expected a number, since hidden_size 64/,
    ],
    ['an odd head', { head_dim: 17 }, /"head_dim": expected an even number/],
    ['a negative epsilon', { rms_norm_eps: -1 }, /"rms_norm_eps": expected a number above 0, got -1/],
    ['a number for a truth value', { tie_word_embeddings: 1 }, /"tie_word_embeddings": expected true or false, got 1/],
    ['biases', { attention_bias: true }, /"attention_bias": expected false, got true/],
    ['another activation', { hidden_act: 'gelu' }, /"hidden_act": expected "silu", got "gelu"/],
    ['an unknown rotation', { rope_scaling: { rope_type: 'yarn', factor: 2 } }, /"rope_scaling.rope_type": expected "default", .*, got "yarn"\./], // prettier-ignore
    ['a rotation without its factor', { rope_scaling: { type: 'linear' } }, /"rope_scaling.factor": expected a number above 0, got nothing\./], // prettier-ignore
    ['a negative factor', { rope_scaling: { ...configs.llama.rope_scaling as object, factor: -1 } }, /"rope_scaling.factor": expected a number above 0, got -1\. [^.]*\.$/], // prettier-ignore
    ['factors in the wrong order', { rope_scaling: { ...configs.llama.rope_scaling as object, low_freq_factor: 5 } }, /"rope_scaling.high_freq_factor": expected a number above low_freq_factor \(5\), got 4\./], // prettier-ignore
    ['a quantized checkpoint', { quantization_config: { bits: 4 } }, /"quantization_config": expected no entry, got an object/], // prettier-ignore
    ['sliding windows', { layer_types: ['sliding_attention', 'full_attention'] }, /"layer_types": expected "full_attention" everywhere/], // prettier-ignore
  ]
  it.each(faults)('refuses %s', async (_, change, message) => {
    const folder = writeCheckpoint(configs.llama)
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...configs.llama, ...change }))
    const error = await openAndClose(folder).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CheckpointError)
    expect((error as CheckpointError).message).toMatch(message)
    expect((error as CheckpointError).message).toContain(join(folder, 'config.json'))
  })

  it('refuses more experts a token than there are', async () => {
    const folder = writeCheckpoint(configs.qwen3Moe)
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...configs.qwen3Moe, num_experts_per_tok: 7 }))
    await expect(openAndClose(folder)).rejects.toThrow(/"num_experts_per_tok": expected an integer from 1 to 6, got 7/)
  })

  it('finds dense layers as Qwen3-MoE decides them', async () => {
    const config = { ...configs.qwen3Moe, decoder_sparse_step: 2, mlp_only_layers: [3] }
    const checkpoint = await openCheckpoint(writeCheckpoint(config))
    expect(checkpoint.spec.feedForward.map(({ kind }) => kind)).toEqual(['dense', 'experts', 'dense', 'dense'])
    if (checkpoint.kind === 'huggingface') await checkpoint.store.close()
  })
})

describe('tensors', () => {
  /** A Llama folder whose tensors are changed. */
  function changed(change: (tensors: Record<string, TensorInput>) => void): string {
    const folder = writeCheckpoint(configs.llama)
    const tensors = randomTensors(configs.llama)
    change(tensors)
    writeSafetensors(join(folder, 'model.safetensors'), tensors)
    return folder
  }
  const norm = 'model.layers.1.input_layernorm.weight'

  it('refuses a missing tensor', async () => {
    const folder = changed((tensors) => {
      Reflect.deleteProperty(tensors, norm)
    })
    await expect(openAndClose(folder)).rejects.toThrow(
      `[checkpoint] ${join(folder, 'model.safetensors')}, tensor "${norm}": expected shape [64], got no such tensor.`,
    )
  })

  it('refuses a wrong shape', async () => {
    const folder = changed((tensors) => {
      tensors[norm] = { dtype: 'F32', shape: [63], values: new Float32Array(63) }
    })
    await expect(openAndClose(folder)).rejects.toThrow(`tensor "${norm}": expected shape [64], got shape [63].`)
  })

  it('refuses a transposed matrix', async () => {
    const name = 'model.layers.0.mlp.down_proj.weight'
    const folder = changed((tensors) => {
      tensors[name] = { ...tensors[name], shape: [72, 64] }
    })
    await expect(openAndClose(folder)).rejects.toThrow(`tensor "${name}": expected shape [64, 72], got shape [72, 64].`)
  })

  it('refuses a bias that it would leave out', async () => {
    const name = 'model.layers.0.self_attn.q_proj.bias'
    const folder = changed((tensors) => {
      tensors[name] = { dtype: 'F32', shape: [64], values: new Float32Array(64) }
    })
    await expect(openAndClose(folder)).rejects.toThrow(`tensor "${name}": expected only tensors of llama`)
  })

  it.each([1, 7])('refuses layer %i of a checkpoint that has fewer', async (layer) => {
    const name = `model.layers.${layer}.mlp.up_proj.weight`
    const folder = changed((tensors) => {
      tensors[name] = { dtype: 'F32', shape: [72, 64], values: new Float32Array(72 * 64) }
    })
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...configs.llama, num_hidden_layers: 1 }))
    const layers = 'expected tensors of 1 layers, as num_hidden_layers says, got one of layer'
    await expect(openAndClose(folder)).rejects.toThrow(
      new RegExp(`model.safetensors, tensor "model.layers.\\d.*": ${layers} \\d, counted from 0`),
    )
  })

  it('refuses values that are not finite when they are to be quantized', async () => {
    const name = 'model.layers.1.self_attn.v_proj.weight'
    const folder = changed((tensors) => {
      tensors[name].values[70] = NaN
    })
    await expect(loadModel(folder, { quantize: 'nvfp4' })).rejects.toThrow(
      `[checkpoint] ${join(folder, 'model.safetensors')}, tensor "${name}": expected finite values, got NaN at index 70.`,
    )
  })

  it('leaves frequencies of old checkpoints alone', async () => {
    const folder = changed((tensors) => {
      tensors['model.layers.0.self_attn.rotary_emb.inv_freq'] = {
        dtype: 'F32',
        shape: [8],
        values: new Float32Array(8),
      }
    })
    await openAndClose(folder)
  })
})

describe('shards', () => {
  it('are found by the index', async () => {
    await openAndClose(writeCheckpoint(configs.qwen3Moe, { shards: 3 }))
  })

  it('are missed by name', async () => {
    const folder = writeCheckpoint(configs.llama, { shards: 2 })
    rmSync(join(folder, 'model-00002-of-00002.safetensors'))
    await expect(openAndClose(folder)).rejects.toThrow(
      /model-00002-of-00002.safetensors: expected a readable file, got none/,
    )
  })

  it('may not lie elsewhere', async () => {
    const folder = writeCheckpoint(configs.llama, { shards: 2 })
    const index = join(folder, 'model.safetensors.index.json')
    writeFileSync(index, readFileSync(index, 'utf8').replace('model-00001-of', '../model-00001-of'))
    await expect(openAndClose(folder)).rejects.toThrow(
      /expected the name of a .safetensors file in the same folder, got "\.\./,
    )
  })

  it('must hold what the index says', async () => {
    const folder = writeCheckpoint(configs.llama, { shards: 2 })
    const [a, b] = [1, 2].map((i) => join(folder, `model-0000${i}-of-00002.safetensors`))
    renameSync(a, `${a}.tmp`)
    renameSync(b, a)
    renameSync(`${a}.tmp`, b)
    await expect(openAndClose(folder)).rejects.toThrow(
      /tensor ".*": expected the tensor, as model.safetensors.index.json says/,
    )
  })
})

describe('folders', () => {
  it('must exist', async () => {
    await expect(openAndClose('/nowhere/at/all')).rejects.toThrow('/nowhere/at/all: expected a folder, got none.')
  })

  it('must hold a config.json', async () => {
    await expect(openAndClose(newFolder())).rejects.toThrow(/config.json: expected a readable file, got none/)
  })

  it('must hold safetensors', async () => {
    const folder = writeCheckpoint(configs.llama)
    renameSync(join(folder, 'model.safetensors'), join(folder, 'pytorch_model.bin'))
    await expect(openAndClose(folder)).rejects.toThrow(/expected model.safetensors or .*, got no .safetensors file/)
  })
})
