/**
 * Decode and prefill beside node-llama-cpp: the same geometry, format, tokens and threads, random weights on both sides. It runs in a
 * process of its own and at its best setting, which a short trial finds; its weights it packs again for its kernels as it loads them.
 */
import { availableParallelism } from 'node:os'
import {
  type Contest,
  type ContestContext,
  type ContestSuite,
  type PeerProcess,
  type Timing,
  defineContestSuite,
  openPeer,
} from '@metal-fp4/bench'
import { geometrySpec } from '../../src/geometry/geometries.js'
import { type Model, loadModel } from '../../src/index.js'
import { isCached, promptTokens } from '../models.js'
import { ggufFile } from './gguf-file.js'
import { workerPath } from './worker-path.js'

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
    for (const entry of entriesOf(setting)) yield* modelContests(setting, entry, lengths, filter.vocabSize ?? vocabSize)
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
  const { device, threads, signal, cacheFolder, onProgress } = setting
  if (threads > availableParallelism()) {
    // With more threads than cores it waits for itself: a race with that says nothing of either.
    throw new Error(
      `[node-llama-cpp] expected at most ${availableParallelism()} threads, got ${threads}. Ask for fewer: --threads.`,
    )
  }
  const { name, format, layers } = entry
  const options = { vocabSize: tokens, ...(layers !== undefined && { layers }) }
  const spec = geometrySpec(name, options)
  const file = await ggufFile({
    spec,
    geometry: name,
    format,
    folder: cacheFolder,
    signal,
    onProgress: (done, total) => onProgress(`writing ${name} as GGUF, ${Math.floor((100 * done) / total)} % `),
  })
  const model = await loadModel({ geometry: name, ...options }, { quantize: format, device, context, signal })
  try {
    const { process, settings } = await bestProcess(setting, file, spec.vocabSize)
    try {
      yield* contestsOf(model, entry, lengths, process, settings)
    } finally {
      process.dispose()
    }
  } finally {
    await model.dispose()
  }
}

/** Weights of both are the same bytes, so that one count serves for both rows. */
function* contestsOf(
  model: Model,
  { name, format }: Entry,
  lengths: readonly number[],
  process: PeerProcess,
  settings: Settings,
): Generator<Contest> {
  const { layers, bytesPerToken, precision, activeParameters } = model.describe()
  for (const m of lengths.filter((length) => length < model.contextLength)) {
    let turn = 0
    const shared = {
      variant: name,
      format,
      precision,
      m,
      n: model.spec.vocabSize,
      k: model.spec.width,
      cached: isCached(model),
      extra: { layers, bytesPerToken },
      peerSettings: describeSettings(settings),
    }
    if (m === 1) {
      yield {
        ...shared,
        kernel: 'decode',
        bytes: bytesPerToken,
        operations: 2 * activeParameters,
        tokens: 1,
        ours: () => ownDecode(model, promptTokens(model, decodePrompt, turn++)),
        peer: () =>
          process.ask<Timing>('decode', { prompt: plainTokens(model, decodePrompt, turn++), tokens: decodeTokens }),
      }
      continue
    }
    yield {
      ...shared,
      kernel: 'prefill',
      bytes: bytesPerToken,
      operations: 2 * activeParameters * m,
      tokens: m,
      ours: () => ownPrefill(model, promptTokens(model, m, turn++)),
      peer: () => process.ask<Timing>('prefill', { prompt: plainTokens(model, m, turn++) }),
    }
  }
}

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

/** What may make a difference; llama.cpp's authors and its users set both either way. */
interface Settings {
  readonly flashAttention: boolean
  readonly useMmap: boolean
}

const candidates: readonly Settings[] = [
  { flashAttention: true, useMmap: true },
  { flashAttention: true, useMmap: false },
  { flashAttention: false, useMmap: true },
  { flashAttention: false, useMmap: false },
]

function describeSettings({ flashAttention, useMmap }: Settings): string {
  return `flash attention ${flashAttention ? 'on' : 'off'}, mmap ${useMmap ? 'on' : 'off'}`
}

/** Tries every setting a few times and keeps the process with the fastest decode. */
async function bestProcess(
  { peer, threads, signal, onProgress }: ContestContext,
  file: string,
  vocabulary: number,
): Promise<{ process: PeerProcess; settings: Settings }> {
  let best: { process: PeerProcess; settings: Settings; ns: number } | undefined
  for (const settings of candidates) {
    onProgress(`${peer.name}: trying ${describeSettings(settings)} `)
    const process = openPeer(workerPath('llama-worker.mjs'), peer.name, signal)
    try {
      const request = { entry: peer.entry, file, threads, contextSize: context, batchSize, settings }
      const { threads: got } = await process.ask<{ threads: number }>('open', request)
      if (got !== threads)
        throw new Error(`[node-llama-cpp] expected ${threads} threads, got ${got}. Run with --threads ${got}.`)
      let ns = Infinity
      for (let i = 0; i < 3; i++) {
        const prompt = Array.from({ length: decodePrompt }, (_, j) => 300 + ((j * 7919 + i) % (vocabulary - 300)))
        const { durationNs, repeats = 1 } = await process.ask<Timing>('decode', { prompt, tokens: 17 })
        ns = Math.min(ns, durationNs / repeats)
      }
      if (best === undefined || ns < best.ns) {
        best?.process.dispose()
        best = { process, settings, ns }
      } else process.dispose()
    } catch (error) {
      process.dispose()
      best?.process.dispose()
      throw error
    }
  }
  return best!
}
