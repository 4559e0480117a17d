/** Files for peers: written here, and read back by readers of the formats. Peers themselves run only where a user installed them. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openPeer } from '@metal-fp4/bench'
import { PbfReader } from 'pbf'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dataOf, ggufFile } from '../bench/peers/gguf-file.js'
import { place, tensorBytes } from '../bench/peers/gguf-header.js'
import { ggufModel } from '../bench/peers/gguf-model.js'
import { onnxModel } from '../bench/peers/onnx-model.js'
import { workerPath } from '../bench/peers/worker-path.js'
import { geometrySpec } from '../src/geometry/geometries.js'
import { readGguf } from './support/gguf.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-peers-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('GGUF', () => {
  it.each([
    ['qwen3-0.6b', 'mxfp4', 17 / 32],
    ['llama-3-8b', 'nvfp4', 36 / 64],
  ] as const)(
    'a layer of %s in %s has every weight, by the names of llama.cpp',
    async (geometry, format, bytesPerWeight) => {
      const spec = geometrySpec(geometry, { layers: 1, vocabSize: 512 })
      const path = await ggufFile({ spec, geometry, format, folder })
      const { metadata, tensors, dataStart, end } = readGguf(readFileSync(path))
      expect(end).toBe(statSync(path).size)
      expect(metadata).toMatchObject({
        'general.architecture': spec.architecture,
        [`${spec.architecture}.block_count`]: 1,
        [`${spec.architecture}.embedding_length`]: spec.width,
        [`${spec.architecture}.attention.key_length`]: spec.headDim,
        [`${spec.architecture}.rope.freq_base`]: Math.fround(spec.rope.theta),
      })
      expect((metadata['tokenizer.ggml.tokens'] as string[]).length).toBe(512)
      const names = tensors.map(({ name }) => name)
      expect(names.includes('output.weight')).toBe(!spec.tiedEmbedding)
      expect(names.includes('blk.0.attn_q_norm.weight')).toBe(spec.queryKeyNorm)
      const down = tensors.find(({ name }) => name === 'blk.0.ffn_down.weight')!
      const [feed] = spec.feedForward
      expect(down.shape).toEqual([feed.kind === 'dense' ? feed.inner : NaN, spec.width])
      expect(dataStart % 32).toBe(0)
      for (const [i, { offset, shape, type }] of tensors.entries()) {
        expect(offset % 32).toBe(0)
        const bytes = shape.reduce((a, b) => a * b, 1) * (type === 0 ? 4 : bytesPerWeight)
        if (i + 1 < tensors.length) expect(tensors[i + 1].offset - offset).toBe(Math.ceil(bytes / 32) * 32)
      }
    },
  )

  it('is written once, told as it goes, and leaves nothing behind when it is stopped', async () => {
    const request = {
      spec: geometrySpec('qwen3-0.6b', { layers: 1, vocabSize: 512 }),
      geometry: 'small',
      format: 'mxfp4',
      folder,
    } as const
    const seen: number[] = []
    const path = await ggufFile({ ...request, onProgress: (written, total) => void seen.push(written / total) })
    expect(seen.at(-1)).toBe(1)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    const before = statSync(path).mtimeMs
    expect(await ggufFile({ ...request, onProgress: () => expect.unreachable('it is there') })).toBe(path)
    expect(statSync(path).mtimeMs).toBe(before)
    // A file that is not whole is written again.
    writeFileSync(path, 'GGUF')
    await ggufFile(request)
    expect(statSync(path).size).toBeGreaterThan(1e6)
    const aborted = AbortSignal.abort(new Error('stopped'))
    await expect(ggufFile({ ...request, geometry: 'other', signal: aborted })).rejects.toThrow('stopped')
    expect(readdirSync(folder)).toEqual([path.split('/').at(-1)])
  })

  it('a tensor that is written in several chunks is as long as the next one expects, and padded as a whole', () => {
    // A chunk of whole blocks of 17 bytes is no multiple of 32 by itself.
    for (const [type, n] of [
      ['mxfp4', 20_001],
      ['nvfp4', 20_001],
    ] as const) {
      const [tensor] = place([{ name: 'wide', type, shape: [1024, n] }])
      const lengths = [...dataOf(tensor)].map(({ length }) => length)
      expect(lengths.length).toBeGreaterThan(1)
      expect(lengths.reduce((a, b) => a + b, 0)).toBe(Math.ceil(tensor.byteLength / 32) * 32)
    }
  })

  it('refuses what the format cannot hold', () => {
    expect(() => tensorBytes({ name: 'odd', type: 'nvfp4', shape: [96, 4] })).toThrow(
      "expected rows of 'odd' to be a multiple of 64 values, got 96",
    )
    expect(() => ggufModel(geometrySpec('qwen3-0.6b', { layers: 1, vocabSize: 100 }), 'mxfp4')).toThrow(
      'expected a vocabulary of more than 259 tokens, got 100',
    )
    expect(
      place([
        { name: 'a', type: 'f32', shape: [3] },
        { name: 'b', type: 'f32', shape: [1] },
      ])[1].offset,
    ).toBe(32)
  })
})

it('ONNX: a model of several matrices has a node and weights for each', () => {
  const model = onnxModel({ n: 64, k: 256, block: 128, copies: 3, accuracyLevel: 4 })
  const graph = fieldsOf(model).find(({ tag }) => tag === 7)!
  const parts = fieldsOf(graph.bytes)
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  expect(
    parts.filter(({ tag }) => tag === 1).map(({ bytes }) => text(fieldsOf(bytes).find(({ tag }) => tag === 4)!.bytes)),
  ).toEqual(Array(3).fill('MatMulNBits'))
  const raw = parts
    .filter(({ tag }) => tag === 5)
    .map(({ bytes }) => fieldsOf(bytes).find(({ tag }) => tag === 9)!.bytes.length)
  // Codes of half a byte, and a float32 for each block of 128.
  expect(raw).toEqual(
    Array(3)
      .fill([64 * 128, 64 * 2 * 4])
      .flat(),
  )
  expect(parts.filter(({ tag }) => tag === 12).length).toBe(3)
})

it('the process of llama.cpp refuses a text that ends before all its tokens', async () => {
  const entry = join(folder, 'llama.mjs')
  // A model that ends its text after three tokens.
  writeFileSync(
    entry,
    `const sequence = { clearHistory() {}, async *evaluate() { yield 1; yield 2; yield 3 } }
     const context = { currentThreads: 1, getSequence: () => sequence }
     export const getLlama = () => ({ loadModel: () => ({ createContext: () => context }) })`,
  )
  using peer = openPeer(workerPath('llama-worker.mjs'), 'fake')
  await peer.ask('open', { entry: pathToFileURL(entry).href, settings: {} })
  expect(await peer.ask('decode', { prompt: [1], tokens: 3 })).toMatchObject({ repeats: 2 })
  await expect(peer.ask('decode', { prompt: [1], tokens: 4 })).rejects.toThrow('[fake] expected 4 tokens, got 3.')
})

/** Fields of a message that have a length. */
function fieldsOf(message: Uint8Array): { tag: number; bytes: Uint8Array }[] {
  const fields: { tag: number; bytes: Uint8Array }[] = []
  new PbfReader(message).readFields((tag, _, pbf) => {
    if (pbf.type === 2) fields.push({ tag, bytes: pbf.readBytes() })
  }, null)
  return fields
}
