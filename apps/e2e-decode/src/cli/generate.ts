/** `fp4-decode generate`: text as it is made. */
import { Command } from 'commander'
import { OptionError } from '../errors.js'
import type { GenerationSummary } from '../generation/generation.js'
import type { Model } from '../model/model.js'
import { deviceLine, modelLine } from './describe.js'
import { addExamples } from './examples.js'
import { interrupted } from './interrupt.js'
import { type ModelFlags, addModelOptions } from './options.js'
import { type SamplingFlags, addSamplingOptions, generateOptions } from './sampling-options.js'
import { withModel } from './session.js'

interface GenerateFlags extends ModelFlags, SamplingFlags {
  readonly prompt?: string
  readonly json?: boolean
  readonly story?: boolean
}

const defaultPrompt = 'Once upon a time'
const defaultMaxTokens = 256
/** The longest stories that the default model was trained on end before this. */
const storyMaxTokens = 800

export function generateCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('generate').description('Continue a prompt.').argument('[prompt]', 'the same as --prompt')
  command.option(
    '-p, --prompt <text>',
    `what to continue; - reads it from stdin; ids (1,2,3) for a geometry (default: "${defaultPrompt}")`,
  )
  addSamplingOptions(command, String(defaultMaxTokens))
    .option('--json', 'print one JSON object at the end and nothing else')
    .option('--story', 'tell a story, with a line about the model before and one about the speed after it')
  addExamples(addModelOptions(command), [
    ['A story, from the model that comes with the package', 'fp4-decode generate --story'],
    ['The same text each time', 'fp4-decode generate -p "Lily found a key" -n 40 --temp 0.8 --seed 7'],
    [
      'Ids, speed and log-probabilities for another program',
      'fp4-decode generate -p "The dog" -n 8 --temp 0 --logprobs 3 --json',
    ],
    ['Fewer repetitions', 'fp4-decode generate -p "The sun" -n 40 --repetition-penalty 1.2 --repetition-window 64'],
    [
      'A Hugging Face folder, quantized while it is loaded',
      'fp4-decode generate -m ./Qwen3-0.6B --q-mode mxfp4 -p "Why is the sky blue?" -n 16',
    ],
  ])
  return command.action(async (argument: string | undefined, { prompt, ...flags }: GenerateFlags) => {
    if (argument !== undefined && prompt !== undefined) {
      throw new OptionError('[generate] expected one prompt, got two. Leave --prompt out, or the text beside it.')
    }
    const given = argument ?? prompt
    // Before the model is loaded, which listens to Ctrl-C: until the input ends, that is to end the program.
    const text = given === '-' ? await readStdin() : given
    finish(await withModel(flags, (model, signal) => generate(model, flags, text, signal)))
  })
}

async function generate(
  model: Model,
  flags: GenerateFlags,
  text: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  const { json = false, story = false } = flags
  if (flags.logprobs !== undefined && !json) {
    throw new OptionError('[generate] expected --json with --logprobs, got none. Add --json, which prints them.')
  }
  const prompt = promptOf(model, text)
  const options = generateOptions(flags, story ? storyMaxTokens : defaultMaxTokens)
  const generation = model.generate(prompt, { ...options, signal })
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
    if (summary.finishReason === 'length' && summary.tokens.length < (options.maxTokens ?? 0)) {
      const { contextLength, spec } = model
      const fix = contextLength < spec.maxPositions ? 'Widen it: --context.' : 'The model was made for no more.'
      process.stderr.write(`[generate] the context of ${contextLength} tokens is full. ${fix}\n`)
    }
  }
  return signal.aborted ? interrupted : 0
}

async function readStdin(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk as string
  // The newline that ends a line of a shell is not part of the prompt.
  const prompt = text.replace(/\r?\n$/, '')
  if (prompt !== '') return prompt
  throw new OptionError('[generate] expected a prompt on stdin, got nothing. Leave --prompt out for one of ours.')
}

function promptOf(model: Model, text: string | undefined): string | number[] {
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
  const { info } = model.device
  const { source, formats, groupSize, parameters, bytesPerToken, precision } = model.describe()
  return {
    ...summaryJson(summary),
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

/** A summary as `generate --json` and `chat --json` print it. */
export function summaryJson(summary: GenerationSummary): Record<string, unknown> {
  const { text, tokens, tokensPerSecond, promptTokens, cachedPromptTokens, promptTokensPerSecond, seed } = summary
  return {
    text,
    tokens,
    tokenCount: tokens.length,
    tokensPerSecond,
    promptTokens,
    cachedPromptTokens,
    promptTokensPerSecond,
    timeToFirstTokenMs: summary.timeToFirstTokenMs,
    finishReason: summary.finishReason ?? 'interrupted',
    seed,
    ...(summary.logprobs === undefined ? {} : { logprobs: summary.logprobs }),
  }
}

/** "23 tokens, 120.5 tokens/s (prompt: 8 tokens, 900.1 tokens/s)" */
export function speedLine({ tokens, tokensPerSecond, promptTokens, promptTokensPerSecond }: GenerationSummary): string {
  return `${tokens.length} tokens, ${tokensPerSecond.toFixed(1)} tokens/s (prompt: ${promptTokens} tokens, ${promptTokensPerSecond.toFixed(1)} tokens/s)`
}
