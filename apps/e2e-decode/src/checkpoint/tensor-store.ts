/** The tensors of a checkpoint, whichever of its files they are in. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, failCheckpoint } from '../errors.js'
import { readJsonObject } from './json-file.js'
import { type RawTensor, type SafetensorsFile, openSafetensors } from './safetensors.js'
import type { TensorEntry } from './safetensors-header.js'

export interface TensorStore {
  readonly names: Iterable<string>
  /** The file that holds a tensor (or, when none does, the one that should). */
  fileOf(name: string): string
  /** How a tensor that was checked is stored. */
  typeOf(name: string): RawTensor['type']
  /** Checks that a tensor is there with this shape, without reading it. @throws CheckpointError */
  check(name: string, shape: readonly number[]): void
  /** Reads a tensor of this shape. @throws CheckpointError */
  read(name: string, shape: readonly number[]): Promise<RawTensor>
  close(): Promise<void>
}

const indexName = 'model.safetensors.index.json'

/** Opens `model.safetensors`, or the shards that `model.safetensors.index.json` lists. */
export async function openTensorStore(folder: string): Promise<TensorStore> {
  const found = await listFolder(folder)
  if (!found.includes(indexName)) {
    const single = found.includes('model.safetensors') ? 'model.safetensors' : onlySafetensors(folder, found)
    const file = await openSafetensors(join(folder, single))
    return makeStore(join(folder, single), new Map([...file.entries].map(([name, entry]) => [name, { file, entry }])), [
      file,
    ])
  }
  return openShards(folder)
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const fix = 'Pass the folder that holds config.json and the weights.'
    return failCheckpoint({
      file: folder,
      expected: 'a folder',
      got: (error as NodeJS.ErrnoException).code ?? 'none',
      fix,
    })
  }
}

function onlySafetensors(folder: string, found: readonly string[]): string {
  const candidates = found.filter((name) => name.endsWith('.safetensors'))
  if (candidates.length === 1) return candidates[0]
  const expected = `model.safetensors or ${indexName}`
  const fix = 'Convert other weight files (.bin, .gguf) to safetensors first.'
  const got = candidates.length === 0 ? 'no .safetensors file' : `${candidates.length} files without an index`
  return failCheckpoint({ file: folder, expected, got, fix })
}

interface Located {
  readonly file: SafetensorsFile
  readonly entry: TensorEntry
}

async function openShards(folder: string): Promise<TensorStore> {
  const index = join(folder, indexName)
  const map = (await readJsonObject(index)).object('weight_map')
  if (map === undefined) {
    return failCheckpoint({
      file: index,
      entry: 'weight_map',
      expected: 'an object',
      got: 'nothing',
      fix: 'Download it again.',
    })
  }
  const located = new Map<string, Located>()
  const files = new Map<string, SafetensorsFile>()
  try {
    for (const name of Object.keys(map.values)) {
      const shard = map.string(name)
      // A name with a path in it could point anywhere on the machine.
      if (!/^[^/\\]+\.safetensors$/.test(shard)) map.fail(name, 'the name of a .safetensors file in the same folder')
      const path = join(folder, shard)
      const file = files.get(shard) ?? (await openSafetensors(path))
      files.set(shard, file)
      const entry = file.entries.get(name)
      if (entry === undefined) {
        const got = 'a file without it'
        return failCheckpoint({
          file: path,
          tensor: name,
          expected: `the tensor, as ${indexName} says`,
          got,
          fix: 'Download it again.',
        })
      }
      located.set(name, { file, entry })
    }
    return makeStore(index, located, [...files.values()])
  } catch (error) {
    await Promise.all([...files.values()].map((file) => file.close()))
    throw error
  }
}

function makeStore(
  listing: string,
  located: ReadonlyMap<string, Located>,
  files: readonly SafetensorsFile[],
): TensorStore {
  const find = (name: string, shape: readonly number[]): Located => {
    const found = located.get(name)
    if (found === undefined) {
      const fix = 'The checkpoint is incomplete, or of another architecture than its config.json says.'
      return failCheckpoint({
        file: listing,
        tensor: name,
        expected: `shape ${describe(shape)}`,
        got: 'no such tensor',
        fix,
      })
    }
    const { entry, file } = found
    if (entry.shape.length !== shape.length || entry.shape.some((size, axis) => size !== shape[axis])) {
      const fix = 'The weights do not belong to this config.json.'
      const got = `shape ${describe(entry.shape)}`
      return failCheckpoint({ file: file.path, tensor: name, expected: `shape ${describe(shape)}`, got, fix })
    }
    if (!['F32', 'F16', 'BF16'].includes(entry.dtype)) {
      const fix = 'Convert the checkpoint to one of these.'
      return failCheckpoint({
        file: file.path,
        tensor: name,
        expected: 'dtype F32, F16 or BF16',
        got: describe(entry.dtype),
        fix,
      })
    }
    return found
  }
  return {
    names: located.keys(),
    fileOf: (name) => located.get(name)?.file.path ?? listing,
    typeOf: (name) => {
      const dtype = located.get(name)?.entry.dtype
      return dtype === 'BF16' ? 'bf16' : dtype === 'F16' ? 'f16' : 'f32'
    },
    check: (name, shape) => {
      find(name, shape)
    },
    read: async (name, shape) => {
      const { file, entry } = find(name, shape)
      return file.read(entry)
    },
    close: async () => {
      await Promise.all(files.map((file) => file.close()))
    },
  }
}
