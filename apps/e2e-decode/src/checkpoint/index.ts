/** A model's folder, of either kind. */
import { readdir } from 'node:fs/promises'
import { failCheckpoint } from '../errors.js'
import { type HuggingFaceCheckpoint, openHuggingFace } from './huggingface.js'
import { type PackedCheckpoint, openPacked } from './packed.js'
import { packedIndex } from './packed-format.js'

export type { HuggingFaceCheckpoint } from './huggingface.js'
export type { PackedCheckpoint } from './packed.js'

export type Checkpoint = HuggingFaceCheckpoint | PackedCheckpoint

/** Opens a packed folder (it has packed.json) or a Hugging Face one. @throws CheckpointError */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const got = code === 'ENOENT' ? 'none' : code === 'ENOTDIR' ? 'a file' : String(code)
    const fix = 'Pass the folder that holds config.json and the weights.'
    return failCheckpoint({ file: folder, expected: 'a folder', got, fix })
  }
  return names.includes(packedIndex) ? openPacked(folder) : openHuggingFace(folder)
}
