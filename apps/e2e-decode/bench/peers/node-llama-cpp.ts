/**
 * Decode and prefill beside node-llama-cpp: the same geometry, format, tokens and threads, random weights on both sides. It runs in a
 * process of its own and at its best setting, which a trial of the same work finds before each race; its weights it packs again for its kernels as it loads them.
 */
import { type Contest, type ContestContext, type ContestSuite, type Timing, defineContestSuite } from '@metal-fp4/bench'
import { geometrySpec } from '../../src/geometry/geometries.js'
import { type Model, loadModel } from '../../src/index.js'
import { isCached, promptTokens } from '../models.js'
import { type Rival, fastestOf } from './fastest.js'
import { ggufFile } from './gguf-file.js'

/** One model to race with. */
interface Entry {
  readonly name: string
  readonly layers?: number
  readonly format: 'mxfp4' | 'nvfp4'
}

/** What `--peer node-llama-cpp` alone runs: a small model in both formats, and the first layers of a larger one. */
const defaults: readonly Entry[] = [
  { name: 'qwen3-0.6b', format: 'mxfp4' },
  { name: 'qwen3-0.6b', format: 'nvfp4' },
  { name: 'llama-3-8b', layers: 8, format: 'mxfp4' },
]

const vocabSize = 32_000
const context = 1024
const decodePrompt = 16
/** Tokens of one run; the first one is the prompt's. */
const decodeTokens = 33
/** Rows of a prefill that llama.cpp takes at once: its default. */
const batchSize = 512

export const nodeLlamaCpp: ContestSuite = defineContestSuite({
  name: 'node-llama-cpp',
  summary: 'decode, and prefill of --m tokens (default 512), against node-llama-cpp; with --peer node-llama-cpp',
  peer: 'node-llama-cpp',
  async *contests(setting) {
    const { filter } = setting
    const lengths = (filter.m ?? [1, 512]).filter((m) => m === 1 || m > 8)
    for (const entry of entriesOf(setting)) {
      try {
        yield* modelContests(setting, entry, lengths, filter.vocabSize ?? vocabSize)
      } catch (error) {
        setting.onFailure(`${entry.name} ${entry.format}`, error)
      }
    }
  },
})

function entriesOf({ filter }: ContestContext): Entry[] {
  const formats = (['mxfp4', 'nvfp4'] as const).filter((format) => filter.formats?.includes(format) ?? true)
  if (filter.geometries === undefined) return defaults.filter(({ format }) => formats.includes(format))
  return filter.geometries.flatMap((geometry) => formats.map((format) => ({ ...geometry, format })))
}

async function* modelContests(
  setting: ContestContext,
  entry: Entry,
  lengths: readonly number[],
  tokens: number,
): AsyncGenerator<Contest> {
  const { device, signal, cacheFolder, onProgress } = setting
  const { name, format, layers } = entry
  const options = { vocabSize: tokens, ...(layers !== undefined && { layers }) }
  const spec = geometrySpec(name, options)
  const file = await ggufFile({
    spec,
    geometry: name,
    format,
    folder: cacheFolder,
    signal,
    onProgress: (done, total) => onProgress(`writing ${name} as GGUF, ${Math.floor((100 * done) / total)} %`),
  })
  const model = await loadModel({ geometry: name, ...options }, { quantize: format, device, context, signal })
  try {
    for (const m of lengths.filter((length) => length < model.contextLength)) {
      try {
        yield* contestOf(setting, file, model, entry, m)
      } catch (error) {
        setting.onFailure(`${name} ${format} M=${m}`, error)
      }
    }
  } finally {
    await model.dispose()
  }
}

/** Weights of both are the same bytes, so that one count serves for both rows. */
async function* contestOf(
  setting: ContestContext,
  file: string,
  model: Model,
  { name, format }: Entry,
  m: number,
): AsyncGenerator<Contest> {
  const { layers, bytesPerToken, precision, activeParameters } = model.describe()
  let turn = 0
  const peerWork: Work =
    m === 1
      ? (rival) => rival.ask('decode', { prompt: plainTokens(model, decodePrompt, turn++), tokens: decodeTokens })
      : (rival) => rival.ask('prefill', { prompt: plainTokens(model, m, turn++) })
  const rival = await fastestRival(setting, file, peerWork, m)
  try {
    yield {
      kernel: m === 1 ? 'decode' : 'prefill',
      variant: name,
      format,
      precision,
      m,
      n: model.spec.vocabSize,
      k: model.spec.width,
      bytes: bytesPerToken,
      cached: isCached(model, setting.minColdBytes),
      operations: 2 * activeParameters * m,
      tokens: m,
      extra: { layers, bytesPerToken },
      peerSettings: describeSettings(rival.settings),
      peerThreads: rival.settings.threads,
      ours: () =>
        m === 1
          ? ownDecode(model, promptTokens(model, decodePrompt, turn++))
          : ownPrefill(model, promptTokens(model, m, turn++)),
      peer: () => peerWork(rival),
    }
  } finally {
    rival.dispose()
  }
}

/** A piece of a race, asked of the peer. */
type Work = (rival: Pick<Rival<Settings>, 'ask'>) => Promise<Timing>

async function ownDecode(model: Model, prompt: readonly number[]): Promise<Timing> {
  const generation = model.generate(prompt, { maxTokens: decodeTokens, temperature: 0, ignoreEnd: true })
  for await (const _ of generation);
  const repeats = decodeTokens - 1
  return { durationNs: (repeats * 1e9) / generation.summary.tokensPerSecond, repeats }
}

async function ownPrefill(model: Model, prompt: readonly number[]): Promise<Timing> {
  const generation = model.generate(prompt, { maxTokens: 1, temperature: 0, ignoreEnd: true })
  for await (const _ of generation);
  return { durationNs: (prompt.length * 1e9) / generation.summary.promptTokensPerSecond }
}

/** Tokens beyond the control and byte tokens of the file's vocabulary. */
function plainTokens(model: Model, count: number, turn: number): number[] {
  const first = 300
  return promptTokens(model, count, turn).map((token) => first + (token % (model.spec.vocabSize - first)))
}

/** What may make a difference; llama.cpp's authors and its users set both either way. How its threads wait, node-llama-cpp has no option for. */
interface Settings {
  readonly flashAttention: boolean
  readonly useMmap: boolean
  readonly threads: number
}

function settingsWith(threads: number): readonly Settings[] {
  return [true, false].flatMap((flashAttention) =>
    [true, false].map((useMmap) => ({ flashAttention, useMmap, threads })),
  )
}

function describeSettings({ flashAttention, useMmap, threads }: Settings): string {
  return `flash attention ${flashAttention ? 'on' : 'off'}, mmap ${useMmap ? 'on' : 'off'}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
}

/** A prefill of the larger geometries takes seconds by itself. */
const workLimitMs = { decode: 30_000, prefill: 90_000 }

/** The setting that is fastest for `work`. Its threads spin while they wait for one another: where as many as ours never answer, one less may. */
function fastestRival(setting: ContestContext, file: string, work: Work, m: number): Promise<Rival<Settings>> {
  const { peer, threads } = setting
  return fastestOf(setting, {
    worker: 'llama-worker.mjs',
    candidates: settingsWith(threads),
    otherwise: threads > 1 ? settingsWith(threads - 1) : [],
    describe: describeSettings,
    open: (settings) =>
      Promise.resolve({
        entry: peer.entry,
        file,
        threads: settings.threads,
        contextSize: context,
        batchSize,
        settings,
      }),
    opened(answer, asked) {
      const { threads: got } = answer as { readonly threads: number }
      if (got !== asked.threads)
        throw new Error(`[node-llama-cpp] expected ${asked.threads} threads, got ${got}. Run with --threads ${got}.`)
    },
    work,
    workLimitMs: workLimitMs[m === 1 ? 'decode' : 'prefill'],
  })
}
