/** What a checkpoint says about generating with it: which tokens end a text, and how to sample. */
import { type JsonObject, readJsonObject } from '../checkpoint/json-file.js'
import type { SamplingOptions } from '../model/sampler-settings.js'
import type { Tokenizer } from '../tokenizer.js'

export interface GenerationDefaults {
  readonly endTokens: readonly number[]
  readonly sampling: SamplingOptions
}

/** Reads generation_config.json, when there is one, and the entries of config.json that it replaces. @throws CheckpointError */
export async function readGenerationDefaults(
  file: string,
  config: JsonObject,
  tokenizer: Tokenizer,
): Promise<GenerationDefaults> {
  const generation = await readJsonObject(file, 'optional')
  const source = generation?.has('eos_token_id') ? generation : config
  return { endTokens: endTokensOf(source, tokenizer), sampling: generation === undefined ? {} : samplingOf(generation) }
}

/** `eos_token_id` is a number or a list of them; without one the usual names of such a token are looked up. */
function endTokensOf(source: JsonObject, tokenizer: Tokenizer): readonly number[] {
  if (source.has('eos_token_id')) {
    const value = source.values.eos_token_id
    return Array.isArray(value) ? source.integers('eos_token_id') : [source.integer('eos_token_id', { least: 0 })]
  }
  return ['<|endoftext|>', '<|im_end|>', '<|eot_id|>', '</s>'].flatMap((name) => tokenizer.idOf(name) ?? [])
}

function samplingOf(generation: JsonObject): SamplingOptions {
  if (!generation.boolean('do_sample', false)) return {}
  return {
    temperature: generation.positive('temperature', 1),
    topP: generation.positive('top_p', 1),
    topK: generation.integer('top_k', { fallback: 0, least: 0 }),
    ...(generation.has('min_p') ? { minP: generation.positive('min_p') } : {}),
  }
}
