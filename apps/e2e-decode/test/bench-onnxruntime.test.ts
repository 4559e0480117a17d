/** The race with onnxruntime-node, against a package that only looks like it: that ours runs as users run it, and is named so. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createDevice } from '@metal-fp4/metal-core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { onnxruntimeNode } from '../bench/index.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-onnxruntime-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

it('has rows of ours in the precision that the device takes, and times them', async () => {
  const entry = join(folder, 'ort.mjs')
  writeFileSync(
    entry,
    `export class Tensor { constructor(type, data, dims) { this.dims = dims } }
     export const InferenceSession = { create: async () => ({ run: async () => undefined }) }`,
  )
  using device = await createDevice({ backend: 'cpu', threads: 1 })
  const context = {
    device,
    threads: 1,
    filter: { shapes: [{ n: 64, k: 256 }], formats: ['fp4'], m: [1, 3, 32] },
    signal: new AbortController().signal,
    minColdBytes: 1,
    peer: { name: 'onnxruntime-node', version: '0.0.0', entry: pathToFileURL(entry).href },
    cacheFolder: folder,
    onProgress: () => undefined,
    onFailure: (_name: string, error: unknown) => {
      throw error
    },
  }
  const rows: unknown[] = []
  for await (const { precision, m, bytes, ours, peer } of onnxruntimeNode.contests(context)) {
    expect((await ours()).durationNs).toBeGreaterThan(0)
    expect((await peer()).repeats).toBe((await ours()).repeats)
    expect(bytes).toBeGreaterThan((64 * 256) / 2)
    rows.push([precision, m])
  }
  expect(rows).toEqual([1, 3, 32].map((m) => ['int8', m]))
})
