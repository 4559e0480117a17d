/** `fp4-decode bench`: tokens a second of prompts and of generation, as llama-bench reports them. */
import { Command, Option } from 'commander'
import type { Model } from '../model/model.js'
import { formatLine, megabytes, millions } from './describe.js'
import { addExamples } from './examples.js'
import { type ModelFlags, addModelOptions, integer } from './options.js'
import { withModel } from './session.js'

interface BenchFlags extends ModelFlags {
  readonly prompt: number
  readonly maxTokens?: number
  readonly maxNewTokens?: number
  readonly repetitions: number
  readonly output: 'md' | 'json' | 'csv'
  readonly json?: boolean
}

/** One test: `pp512` is a prompt of 512 tokens, `tg128` makes 128 tokens. */
interface BenchRow {
  readonly model: string
  readonly architecture: string
  readonly format: string
  readonly parameters: number
  readonly bytesPerToken: number
  readonly device: string
  readonly threads: number
  readonly precision: string
  readonly test: string
  readonly tokensPerSecond: number
  readonly standardDeviation: number
  readonly samplesTokensPerSecond: readonly number[]
}

const defaultMaxTokens = 128

export function benchCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('bench').description('Measure prompt and generation speed.')
  command
    .option('-p, --prompt <n>', 'tokens of the prompt; 0 leaves the test out', integer(0), 512)
    .option('-n, --max-tokens <n>', `tokens to make; 0 leaves the test out (default: ${defaultMaxTokens})`, integer(0))
    .option('--max-new-tokens <n>', 'the same as --max-tokens', integer(0))
    .option('-r, --repetitions <n>', 'how often each test runs, after a first time that does not count', integer(1), 5)
    .addOption(new Option('-o, --output <format>', 'how to report').choices(['md', 'json', 'csv']).default('md'))
    .option('--json', 'the same as -o json')
  addExamples(addModelOptions(command), [
    ['pp64 and tg32, as llama-bench names them', 'fp4-decode bench -p 64 -n 32 -r 2'],
    [
      'Synthetic weights in the shape of a model',
      'fp4-decode bench --geometry qwen3-0.6b --layers 1 --vocab 2000 -p 8 -n 8 -r 1 -o json',
    ],
  ])
  return command.action(async (flags: BenchFlags) => {
    finish(await withModel(flags, (model, signal) => bench(model, flags, signal)))
  })
}

async function bench(model: Model, flags: BenchFlags, signal: AbortSignal): Promise<number> {
  const { prompt, repetitions } = flags
  const count = flags.maxTokens ?? flags.maxNewTokens ?? defaultMaxTokens
  const rows: BenchRow[] = []
  if (prompt > 0)
    rows.push(await measure(model, `pp${prompt}`, repetitions, (seed) => promptSpeed(model, prompt, seed, signal)))
  if (count > 0)
    rows.push(await measure(model, `tg${count}`, repetitions, (seed) => decodeSpeed(model, count, seed, signal)))
  const format = flags.json ? 'json' : flags.output
  process.stdout.write(
    format === 'json' ? `${JSON.stringify({ rows })}\n` : format === 'csv' ? csv(rows) : markdown(model, rows),
  )
  return 0
}

async function measure(
  model: Model,
  test: string,
  repetitions: number,
  run: (seed: number) => Promise<number>,
): Promise<BenchRow> {
  await run(0)
  const samples: number[] = []
  for (let i = 1; i <= repetitions; i++) samples.push(await run(i))
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length
  const squares = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0)
  const { source, architecture, parameters, bytesPerToken, precision } = model.describe()
  const { info } = model.device
  return {
    model: source,
    architecture,
    format: formatLine(model),
    parameters,
    bytesPerToken,
    device: info.backend,
    threads: info.threads,
    precision,
    test,
    tokensPerSecond: mean,
    standardDeviation: samples.length > 1 ? Math.sqrt(squares / (samples.length - 1)) : 0,
    samplesTokensPerSecond: samples,
  }
}

/** Tokens a second of a prompt. Each begins differently, so that nothing of it is in the cache. */
async function promptSpeed(model: Model, length: number, seed: number, signal: AbortSignal): Promise<number> {
  const { vocabSize } = model.spec
  const tokens = Array.from({ length }, (_, i) => (7919 * i + 13 * seed + 1) % vocabSize)
  const generation = model.generate(tokens, { maxTokens: 1, temperature: 0, ignoreEnd: true, signal })
  for await (const _ of generation) continue
  return generation.summary.promptTokensPerSecond
}

async function decodeSpeed(model: Model, maxTokens: number, seed: number, signal: AbortSignal): Promise<number> {
  const generation = model.generate([(seed + 1) % model.spec.vocabSize], {
    maxTokens,
    temperature: 0,
    ignoreEnd: true,
    signal,
  })
  for await (const _ of generation) continue
  return generation.summary.tokensPerSecond
}

function markdown(model: Model, rows: readonly BenchRow[]): string {
  const { parameters, weightBytes } = model.describe()
  const head = ['model', 'size', 'params', 'format', 'device', 'threads', 'test', 't/s']
  const lines = rows.map(({ model: name, format, device, threads, test, tokensPerSecond, standardDeviation }) => [
    name.replace(/^.*[\\/]/, ''),
    megabytes(weightBytes),
    millions(parameters),
    format,
    device,
    String(threads),
    test,
    `${tokensPerSecond.toFixed(2)} ± ${standardDeviation.toFixed(2)}`,
  ])
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function csv(rows: readonly BenchRow[]): string {
  if (rows.length === 0) return ''
  const quote = (value: unknown): string => {
    const text = Array.isArray(value) ? value.join(' ') : String(value)
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const head = Object.keys(rows[0]).join(',')
  return [head, ...rows.map((row) => Object.values(row).map(quote).join(','))].map((line) => `${line}\n`).join('')
}
