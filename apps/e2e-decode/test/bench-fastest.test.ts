/** The best setting of a peer, with workers that only look like one: which is kept, and what happens to those that crash or fail. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Timing } from '@metal-fp4/bench'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Rival, fastestOf } from '../bench/peers/fastest.js'

let folder: string
let entry: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-fastest-'))
  entry = join(folder, 'ort.mjs')
  // An onnxruntime whose "file" says how many milliseconds a run takes, on a clock of its own that nothing else moves; some fail or crash.
  // With 2 rows the slow ones are the fast ones.
  writeFileSync(
    entry,
    `export class Tensor { constructor(type, data, dims) { this.dims = dims } }
     let now = 0n
     process.hrtime.bigint = () => now
     export const InferenceSession = {
       create: async (file) => {
         if (file === 'bad') throw new Error('no such model')
         return { run: async ({ x }) => { 
           const [m] = x.dims
           if (m === 9) process.exit(5)
           now += m === 2 ? 1_000_000_000n / BigInt(file) : 1_000_000n * BigInt(file)
         } }
       },
     }`,
  )
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const notes: string[] = []

function fastest(candidates: readonly string[], otherwise: readonly string[] = [], m = 1): Promise<Rival<string>> {
  notes.length = 0
  const context = {
    peer: { name: 'fake', version: '0.0.0', entry: pathToFileURL(entry).href },
    signal: new AbortController().signal,
    onProgress: (text: string) => void notes.push(text),
  }
  return fastestOf(context, {
    worker: 'onnx-worker.mjs',
    candidates,
    otherwise,
    describe: (file) => `file ${file}`,
    open: (file) => Promise.resolve({ entry: context.peer.entry, file, threads: 1 }),
    work: (process) => process.ask<Timing>('run', { m, k: 4, copies: 1 }),
  })
}

it('keeps the fastest that works, and says what does not', async () => {
  const rival = await fastest(['60', 'bad', '1', '90'])
  try {
    expect(rival.settings).toBe('1')
    expect(notes).toEqual([
      'fake: trying file 60',
      'fake: trying file bad',
      'fake: file bad does not work: [fake] no such model',
      'fake: trying file 1',
      'fake: trying file 90',
    ])
  } finally {
    rival.dispose()
  }
})

it('is the fastest at the work of the race, not at other work', async () => {
  const rival = await fastest(['60', '1', '90'], [], 2)
  expect(rival.settings).toBe('90')
  rival.dispose()
})

it('is opened anew after a crash: the case that crashed fails alone', async () => {
  const rival = await fastest(['1'])
  try {
    await expect(rival.ask('run', { m: 9, k: 4, copies: 1 })).rejects.toThrow('exit status 5')
    expect(await rival.ask<Timing>('run', { m: 2, k: 4, copies: 3 })).toMatchObject({ repeats: 3 })
  } finally {
    rival.dispose()
  }
})

it('takes another way where none of the usual ones works, and throws when that fails too', async () => {
  const rival = await fastest(['bad'], ['2'])
  expect(rival.settings).toBe('2')
  rival.dispose()
  await expect(fastest(['bad'], ['bad'])).rejects.toThrow('[fake] no such model')
})
