/**
 * The folder that a conversion writes: which may be written over, one conversion at a time, and the exchange of the old one for the
 * new one. The exchange is two renames: the old folder goes into the new one, as `.replaced`, and the new one to where the old one was.
 * A run that is killed between them has its first step undone by the next one; killed after them, its last step is done by it.
 */
import { lstat, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { readJsonObject } from '../checkpoint/json-file.js'
import { packedData, packedFormat, packedIndex } from '../checkpoint/packed-format.js'
import { openSafetensors } from '../checkpoint/safetensors.js'
import { FileError } from '../errors.js'
import { isThere, namesIn } from './files.js'
import { type Kind, companionsOf } from './source.js'

export const journalName = 'journal.jsonl'
export const lockName = 'lock'
const replacedName = '.replaced'

/** Files that a new model takes the place of; a target's other files stay. */
const modelFiles = new Set([...companionsOf.packed, ...companionsOf.mlx, packedIndex, packedData])

function isOfModel(name: string): boolean {
  return modelFiles.has(name) || /^model.*\.safetensors(\.index\.json)?$/.test(name)
}

/** Locks that conversions of this process hold. */
const held = new Set<string>()

/** The folder that `target` names, through links, which may not be there yet. */
export async function resolveTarget(target: string): Promise<string> {
  const path = resolve(target)
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined && (await lstat(path).catch(() => undefined)) !== undefined) {
    failTarget(target, 'a folder or absent', 'a link to nothing', 'Remove the link.')
  }
  return real ?? path
}

/** Refuses a target that could not be exchanged, or holds what no conversion has made. @throws FileError */
export async function checkTarget(target: string, kind: Kind, force: boolean): Promise<void> {
  const names = await namesIn(target)
  if (!(await isThere(target))) return
  const fix = 'Name a folder inside it, or another one.'
  if (target === (await realpath(process.cwd()))) failTarget(target, 'a folder', 'the current one', fix)
  if ((await stat(target)).dev !== (await stat(dirname(target))).dev) {
    failTarget(target, 'a folder', 'a mount point, which cannot be renamed', fix)
  }
  if (names.length === 0 || force || (await isMade(target, names, kind))) return
  const made = kind === 'packed' ? 'a packed model' : 'a model for MLX'
  const files = `a folder of other files (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`
  failTarget(target, `absent, empty or ${made}`, files, 'Name another one, or use --force (option force).')
}

/** Whether the folder is what a conversion of this kind makes. */
async function isMade(folder: string, names: readonly string[], kind: Kind): Promise<boolean> {
  try {
    if (kind === 'packed') {
      const index = await readJsonObject(join(folder, packedIndex), 'optional')
      return index?.values.format === packedFormat
    }
    const config = await readJsonObject(join(folder, 'config.json'), 'optional')
    const shard = names.find((name) => /^model(-00001-of-\d+)?\.safetensors$/.test(name))
    return config?.has('quantization') === true && shard !== undefined && (await isOfMlx(join(folder, shard)))
  } catch {
    // What cannot be read was not made here, or is damaged: somebody has to look at it.
    return false
  }
}

async function isOfMlx(shard: string): Promise<boolean> {
  const file = await openSafetensors(shard)
  await file.close()
  return file.metadata.format === 'mlx'
}

/** Ends what a run was killed in the middle of. @throws FileError when it cannot tell which target counts */
export async function recover(target: string, folder: string): Promise<void> {
  const old = join(folder, replacedName)
  if (await isThere(old)) {
    await failIfLocked(folder)
    if (await isThere(target))
      failTarget(target, `absent, since it was moved to ${old}`, 'a folder', 'Move one of them away.')
    await rename(old, target)
  } else if (await isThere(join(target, replacedName))) {
    await failIfLocked(target)
    await clearUp(target)
  }
}

/** Puts `folder`, which is locked, where the target is, with those files of the target that are of no model. */
export async function exchange(folder: string, target: string): Promise<void> {
  const old = join(folder, replacedName)
  const replaces = await isThere(target)
  if (replaces) await rename(target, old)
  try {
    await rename(folder, target)
  } catch (error) {
    if (replaces) await rename(old, target)
    throw error
  }
  held.delete(join(folder, lockName))
  held.add(join(target, lockName))
  try {
    await clearUp(target)
  } finally {
    held.delete(join(target, lockName))
  }
}

async function clearUp(target: string): Promise<void> {
  const old = join(target, replacedName)
  await rm(join(target, journalName), { force: true })
  for (const name of await namesIn(old)) {
    if (!isOfModel(name)) await rename(join(old, name), join(target, name))
  }
  await rm(old, { recursive: true, force: true })
  await rm(join(target, lockName), { force: true })
}

/** Writes down that this process works in the folder. @throws FileError while another conversion does */
export async function lock(folder: string): Promise<void> {
  const file = join(folder, lockName)
  if (held.has(file)) failLocked(folder, process.pid)
  held.add(file)
  try {
    while (!(await create(file))) {
      await failIfOthers(folder)
      await rm(file, { force: true })
    }
  } catch (error) {
    held.delete(file)
    throw error
  }
}

export async function unlock(folder: string): Promise<void> {
  const file = join(folder, lockName)
  if (held.delete(file)) await rm(file, { force: true })
}

/** Writes a new file. @returns false when there is one */
async function create(file: string): Promise<boolean> {
  try {
    await writeFile(file, `${process.pid}\n`, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    await rm(file, { force: true })
    throw error
  }
}

async function failIfLocked(folder: string): Promise<void> {
  if (held.has(join(folder, lockName))) failLocked(folder, process.pid)
  await failIfOthers(folder)
}

/** A lock with our own number that we do not hold was left by an earlier process: in containers they tend to have the same one. */
async function failIfOthers(folder: string): Promise<void> {
  const text = await readFile(join(folder, lockName), 'utf8').catch(() => undefined)
  const pid = Number(text)
  if (text !== undefined && pid !== process.pid && isAlive(pid)) failLocked(folder, pid)
}

function failLocked(folder: string, pid: number): never {
  const fix = `Wait for it, or remove ${join(folder, lockName)} when there is none.`
  failTarget(folder, 'free', `a conversion at work on it (process ${pid})`, fix)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function failTarget(path: string, expected: string, got: string, fix: string): never {
  throw new FileError(`[convert] expected ${path} to be ${expected}, got ${got}. ${fix}`, path)
}
