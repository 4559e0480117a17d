/** The race with node-llama-cpp, against a package that only looks like it and has a clock of its own: its settings, its threads, its times. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Timing, openPeer } from '@metal-fp4/bench'
import { createDevice } from '@metal-fp4/metal-core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeLlamaCpp } from '../bench/index.js'
import { workerPath } from '../bench/peers/worker-path.js'

let folder: string
let entry: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-llama-'))
  const file = join(folder, 'llama.mjs')
  // One thread, whatever it is asked for. Flash attention makes a token fast and a prompt slow. To forget a text takes a second.
  writeFileSync(
    file,
    `let now = 0n
     process.hrtime.bigint = () => now
     const pass = (ms) => { now += BigInt(ms) * 1_000_000n }
     export const getLlama = () => ({
       loadModel: () => ({
         createContext: ({ flashAttention }) => ({
           currentThreads: 1,
           getSequence: () => ({
             clearHistory: () => pass(1000),
             async *evaluate(prompt) {
               pass(prompt.length * (flashAttention ? 9 : 3))
               for (;;) {
                 yield 1
                 pass(flashAttention ? 2 : 5)
               }
             },
           }),
         }),
       }),
     })`,
  )
  entry = pathToFileURL(file).href
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

it('times a prompt from an empty sequence to the first token, and tokens after that one', async () => {
  using peer = openPeer(workerPath('llama-worker.mjs'), 'fake')
  await peer.ask('open', { entry, settings: { flashAttention: true } })
  expect(await peer.ask('prefill', { prompt: [1, 2, 3, 4] })).toEqual({ durationNs: 36e6, repeats: 1 })
  expect(await peer.ask('decode', { prompt: [1, 2], tokens: 4 })).toEqual({ durationNs: 6e6, repeats: 3 })
})

it('looks for the best setting of each race, and says with how many threads the peer ran', async () => {
  using device = await createDevice({ backend: 'cpu', threads: 2 })
  const context = {
    device,
    threads: 2,
    filter: { geometries: [{ name: 'qwen3-0.6b', layers: 1 }], formats: ['mxfp4'], vocabSize: 512, m: [1, 32] },
    signal: new AbortController().signal,
    peer: { name: 'node-llama-cpp', version: '0.0.0', entry },
    cacheFolder: folder,
    onProgress: () => undefined,
    onFailure: (_name: string, error: unknown) => {
      throw error
    },
  }
  const races: unknown[] = []
  for await (const { kernel, m, peerThreads, peerSettings, ours, peer } of nodeLlamaCpp.contests(context)) {
    expect((await ours()).durationNs).toBeGreaterThan(0)
    const { durationNs, repeats = 1 }: Timing = await peer()
    races.push([kernel, m, peerThreads, peerSettings, durationNs / repeats / 1e6])
  }
  expect(races).toEqual([
    ['decode', 1, 1, 'flash attention on, mmap on, 1 thread', 2],
    ['prefill', 32, 1, 'flash attention off, mmap on, 1 thread', 96],
  ])
})
