/** Opens a packed folder: its index, checked against its config.json; the data stays in the file. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Architecture, type ModelSpec, architectureOf } from '../architectures/index.js'
import { failCheckpoint } from '../errors.js'
import { weightTable } from '../model/weight-table.js'
import { type JsonObject, readJsonObject } from './json-file.js'
import {
  type PackedTensor,
  packedData,
  packedFormat,
  packedIndex,
  packedVersion,
  rangesOf,
  readPackedTensor,
} from './packed-format.js'

export interface PackedCheckpoint {
  readonly kind: 'packed'
  readonly folder: string
  readonly config: JsonObject
  readonly architecture: Architecture
  readonly spec: ModelSpec
  /** Path of packed.bin. */
  readonly dataFile: string
  readonly dataBytes: number
  /** By our names, as `weightTable` lists them. */
  readonly tensors: ReadonlyMap<string, PackedTensor>
}

/** @throws CheckpointError naming file, entry, what was expected and what came. */
export async function openPacked(folder: string): Promise<PackedCheckpoint> {
  const index = await readJsonObject(join(folder, packedIndex))
  if (index.string('format') !== packedFormat) index.fail('format', `"${packedFormat}"`)
  if (index.integer('version') !== packedVersion) {
    index.fail('version', `${packedVersion}`, 'Pack the model again with this version of fp4-decode.')
  }
  const config = await readJsonObject(join(folder, 'config.json'))
  const architecture = architectureOf(config)
  const spec = architecture.spec(config)
  const dataFile = join(folder, packedData)
  const dataBytes = await fileBytes(dataFile)
  const stated = index.integer('byteLength', { most: Number.MAX_SAFE_INTEGER })
  if (dataBytes !== stated) {
    const fix = 'The file is truncated or of another model: download the folder again.'
    failCheckpoint({ file: dataFile, expected: `${stated} bytes, as ${packedIndex} says`, got: `${dataBytes}`, fix })
  }
  const entries = index.object('tensors') ?? index.fail('tensors', 'an object')
  const tensors = new Map<string, PackedTensor>()
  for (const declaration of weightTable(spec, architecture.names)) {
    const entry =
      entries.object(declaration.name) ?? entries.fail(declaration.name, 'the tensor', 'Pack the model again.')
    tensors.set(declaration.name, readPackedTensor(entry, declaration, dataBytes))
  }
  for (const name of Object.keys(entries.values)) {
    if (tensors.has(name)) continue
    const fix = 'packed.json and config.json are not of one model.'
    entries.fail(name, `only tensors of ${spec.architecture} with ${spec.layers} layers`, fix)
  }
  rejectOverlaps(index.file, tensors)
  return { kind: 'packed', folder, config, architecture, spec, dataFile, dataBytes, tensors }
}

/** Two weights in the same bytes: one of them is not what was packed. */
function rejectOverlaps(file: string, tensors: ReadonlyMap<string, PackedTensor>): void {
  const ranges = [...tensors].flatMap(([name, tensor]) =>
    rangesOf(tensor).map(([key, range]) => ({ entry: `tensors.${name}.${key}`, ...range })),
  )
  ranges.sort((a, b) => a.offset - b.offset)
  let end = 0
  let before = ''
  for (const { entry, offset, byteLength } of ranges) {
    if (offset < end) {
      const expected = `a range from byte ${end} on, where "${before}" ends`
      failCheckpoint({ file, entry, expected, got: `offset ${offset}`, fix: 'The file is damaged: download it again.' })
    }
    end = offset + byteLength
    before = entry
  }
}

async function fileBytes(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    const got = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : (error as Error).message
    return failCheckpoint({ file, expected: 'a readable file', got, fix: 'Download the whole folder.' })
  }
}
