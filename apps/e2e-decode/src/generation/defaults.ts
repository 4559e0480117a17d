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
  vocabSize: number,
): Promise<GenerationDefaults> {
  const generation = await readJsonObject(file, 'optional')
  const source = generation?.has('eos_token_id') ? generation : config
  const sampling = generation === undefined ? {} : samplingOf(generation)
  return { endTokens: endTokensOf(source, tokenizer, vocabSize), sampling }
}

/** `eos_token_id` is a number or a list of them; without one the usual names of such a token are looked up. */
function endTokensOf(source: JsonObject, tokenizer: Tokenizer, vocabSize: number): readonly number[] {
  if (source.has('eos_token_id')) {
    const most = vocabSize - 1
    if (!Array.isArray(source.values.eos_token_id)) return [source.integer('eos_token_id', { least: 0, most })]
    const ids = source.integers('eos_token_id')
    if (ids.some((id) => id > most)) source.fail('eos_token_id', `integers from 0 to ${most}, the vocabulary`)
    return [...new Set(ids)]
  }
  return ['<|endoftext|>', '<|im_end|>', '<|eot_id|>', '</s>'].flatMap((name) => tokenizer.idOf(name) ?? [])
}

function samplingOf(generation: JsonObject): SamplingOptions {
  // As in Hugging Face, it counts whether tokens are drawn or not.
  const penalty = generation.has('repetition_penalty')
    ? { repetitionPenalty: generation.number('repetition_penalty', 0.01, 100) }
    : {}
  if (!generation.boolean('do_sample', false)) return penalty
  return {
    ...penalty,
    temperature: generation.positive('temperature', 1, 100),
    topP: generation.positive('top_p', 1, 1),
    topK: generation.integer('top_k', { fallback: 0, least: 0 }),
    ...(generation.has('min_p') ? { minP: generation.number('min_p', 0, 1) } : {}),
  }
}
