/** `fp4-decode generate`: text as it is made. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { OptionError } from '../errors.js'
import type { GenerationSummary } from '../generation/generation.js'
import type { Model } from '../model/model.js'
import { deviceLine, modelLine } from './describe.js'
import { interrupted } from './interrupt.js'
import { type ModelFlags, addModelOptions, integer, number } from './options.js'
import { withModel } from './session.js'

interface GenerateFlags extends ModelFlags {
  readonly prompt?: string
  readonly maxTokens?: number
  readonly maxNewTokens?: number
  readonly temp?: number
  readonly topP?: number
  readonly topK?: number
  readonly minP?: number
  readonly seed?: number
  readonly stop?: string[]
  readonly json?: boolean
  readonly story?: boolean
}

const defaultPrompt = 'Once upon a time'
const defaultMaxTokens = 256
/** The longest stories that the default model was trained on end before this. */
const storyMaxTokens = 800

export function generateCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('generate').description('Continue a prompt.')
  command
    .option('-p, --prompt <text>', 'what to continue; - reads it from stdin; ids (1,2,3) for a geometry')
    .option('-n, --max-tokens <n>', `tokens to make at most (default: ${defaultMaxTokens})`, integer(1))
    .option('--max-new-tokens <n>', 'the same as --max-tokens', integer(1))
    .option(
      '--temp <x>',
      'temperature; 0 takes the most likely token (default: what the model recommends, else 0)',
      number(0, 100),
    )
    .option('--top-p <x>', 'keep the likeliest tokens up to this sum of probabilities', number(0, 1))
    .option('--top-k <n>', 'keep this many of the likeliest tokens; 0 keeps all', integer(0))
    .option('--min-p <x>', 'keep tokens of at least this share of the largest probability', number(0, 1))
    .option('--seed <n>', 'the same seed gives the same text (default: random)', integer(0))
    .option('--stop <text>', 'end before this text; may be given several times', collect)
    .option('--json', 'print one JSON object at the end and nothing else')
    .option('--story', 'tell a story, with a line about the model before and one about the speed after it')
  return addModelOptions(command).action(async (flags: GenerateFlags) => {
    finish(await withModel(flags, (model, signal) => generate(model, flags, signal)))
  })
}

async function generate(model: Model, flags: GenerateFlags, signal: AbortSignal): Promise<number> {
  const { json = false, story = false } = flags
  const prompt = promptOf(model, flags)
  const generation = model.generate(prompt, {
    maxTokens: flags.maxTokens ?? flags.maxNewTokens ?? (story ? storyMaxTokens : defaultMaxTokens),
    ...samplingFlags(flags),
    ...(flags.stop === undefined ? {} : { stop: flags.stop }),
    signal,
  })
  if (story) process.stderr.write(`${deviceLine(model.device)} · ${modelLine(model)}\n\n`)
  if (story && !json && typeof prompt === 'string') process.stdout.write(prompt)
  try {
    for await (const { text, token, index } of generation) {
      if (!json) process.stdout.write(model.tokenizer ? text : `${index === 0 ? '' : ' '}${token}`)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  const { summary } = generation
  if (json) process.stdout.write(`${JSON.stringify(jsonOf(model, summary))}\n`)
  else {
    process.stdout.write('\n')
    // A story's last line is part of the show; otherwise stdout is the text alone.
    const stream = story ? process.stdout : process.stderr
    stream.write(`\n${speedLine(summary)}\n`)
  }
  return signal.aborted ? interrupted : 0
}

/** Gathers the values of an option that may be given several times. */
function collect(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text]
}

function samplingFlags({ temp, topP, topK, minP, seed }: GenerateFlags): Record<string, number> {
  const flags = { temperature: temp, topP, topK, minP, seed }
  return Object.fromEntries(Object.entries(flags).filter((entry): entry is [string, number] => entry[1] !== undefined))
}

function promptOf(model: Model, { prompt }: GenerateFlags): string | number[] {
  // The newline that ends a line of a shell is not part of the prompt.
  const text = prompt === '-' ? readFileSync(0, 'utf8').replace(/\r?\n$/, '') : prompt
  if (model.tokenizer !== undefined) return text ?? defaultPrompt
  const ids = (text ?? '1').trim().split(/[\s,]+/)
  if (ids.every((id) => /^\d+$/.test(id))) return ids.map(Number)
  const got = JSON.stringify(text)
  throw new OptionError(
    `[generate] expected token ids as the prompt of a geometry, got ${got}. Pass them as --prompt 1,2,3.`,
  )
}

/** What --json prints. */
function jsonOf(model: Model, summary: GenerationSummary): Record<string, unknown> {
  const { text, tokens, tokensPerSecond, promptTokens, promptTokensPerSecond, finishReason } = summary
  const { info } = model.device
  const { source, formats, groupSize, parameters, bytesPerToken, precision } = model.describe()
  return {
    text,
    tokens,
    tokenCount: tokens.length,
    tokensPerSecond,
    promptTokens,
    promptTokensPerSecond,
    finishReason: finishReason ?? 'interrupted',
    device: info.backend,
    deviceName: info.name,
    threads: info.threads,
    model: source,
    format: formats.join('+'),
    ...(groupSize === undefined ? {} : { groupSize }),
    parameters,
    bytesPerToken,
    precision,
  }
}

function speedLine({ tokens, tokensPerSecond, promptTokens, promptTokensPerSecond }: GenerationSummary): string {
  return `${tokens.length} tokens, ${tokensPerSecond.toFixed(1)} tokens/s (prompt: ${promptTokens} tokens, ${promptTokensPerSecond.toFixed(1)} tokens/s)`
}
