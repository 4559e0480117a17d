/** JSON files of a checkpoint, read strictly: every entry has the type that is asked for, or an error names it. */
import { readFile, stat } from 'node:fs/promises'
import { CheckpointError, describe, failCheckpoint } from '../errors.js'

/** Larger than any tokenizer.json that exists; a file beyond it is not one of ours. */
const largestFile = 256 * 2 ** 20

/** Reads a text file of at most `most` bytes; `undefined` when there is none. @throws CheckpointError */
export async function readTextFile(file: string, most: number = largestFile): Promise<string | undefined> {
  try {
    const { size } = await stat(file)
    if (size > most) {
      failCheckpoint({ file, expected: `at most ${most} bytes`, got: `${size}`, fix: 'Is it the right file?' })
    }
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof CheckpointError || code === undefined) throw error
    if (code === 'ENOENT') return undefined
    const fix = 'Download the whole folder of the checkpoint.'
    return failCheckpoint({ file, expected: 'a readable file', got: (error as Error).message, fix })
  }
}

/** Reads a JSON file whose value is an object; `undefined` when there is no such file and it is optional. */
export async function readJsonObject(file: string): Promise<JsonObject>
export async function readJsonObject(file: string, need: 'optional'): Promise<JsonObject | undefined>
export async function readJsonObject(file: string, need?: 'optional'): Promise<JsonObject | undefined> {
  const text = await readTextFile(file)
  if (text === undefined) {
    if (need === 'optional') return undefined
    const fix = 'Download the whole folder of the checkpoint.'
    return failCheckpoint({ file, expected: 'a readable file', got: 'none', fix })
  }
  return new JsonObject(file, parseObject(file, text), '')
}

/** Parses JSON text that must be an object. */
export function parseObject(file: string, text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const got = (error as Error).message
    failCheckpoint({ file, expected: 'valid JSON', got, fix: 'The file is damaged: download it again.' })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    failCheckpoint({
      file,
      expected: 'a JSON object',
      got: describe(value),
      fix: 'The file is damaged: download it again.',
    })
  }
  return value as Record<string, unknown>
}

/** An object of a JSON file. `null` counts as absent, as Hugging Face writes it. */
export class JsonObject {
  readonly file: string
  readonly values: Readonly<Record<string, unknown>>
  readonly #path: string

  constructor(file: string, values: Readonly<Record<string, unknown>>, path: string) {
    this.file = file
    this.values = values
    this.#path = path
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined
  }

  /** An integer of at least 1 (or `least`). */
  integer(key: string, options: { fallback?: number; least?: number; most?: number } = {}): number {
    const { fallback, least = 1, most = 2 ** 31 - 1 } = options
    const value = this.#get(key) ?? fallback
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number
    return this.fail(key, `an integer from ${least} to ${most}`)
  }

  /** A finite number above 0 (and up to `most`). */
  positive(key: string, fallback?: number, most: number = Number.MAX_VALUE): number {
    const value = this.#get(key) ?? fallback
    if (typeof value === 'number' && value > 0 && value <= most) return value
    return this.fail(key, most === Number.MAX_VALUE ? 'a number above 0' : `a number above 0 and up to ${most}`)
  }

  /** A number from `least` to `most`. */
  number(key: string, least: number, most: number): number {
    const value = this.#get(key)
    if (typeof value === 'number' && value >= least && value <= most) return value
    return this.fail(key, `a number from ${least} to ${most}`)
  }

  boolean(key: string, fallback?: boolean): boolean {
    const value = this.#get(key) ?? fallback
    if (typeof value === 'boolean') return value
    return this.fail(key, 'true or false')
  }

  string(key: string, fallback?: string): string {
    const value = this.#get(key) ?? fallback
    if (typeof value === 'string') return value
    return this.fail(key, 'a string')
  }

  /** Non-negative integers; `fallback` when absent. */
  integers(key: string, fallback?: readonly number[]): readonly number[] {
    const value = this.#get(key) ?? fallback
    if (Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0)) {
      return value as number[]
    }
    return this.fail(key, 'a list of non-negative integers')
  }

  strings(key: string, fallback?: readonly string[]): readonly string[] {
    const value = this.#get(key) ?? fallback
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
    return this.fail(key, 'a list of strings')
  }

  /** An object inside this one; `undefined` when absent. */
  object(key: string): JsonObject | undefined {
    const value = this.#get(key)
    if (value === undefined) return undefined
    if (typeof value !== 'object' || Array.isArray(value)) this.fail(key, 'an object')
    return new JsonObject(this.file, value as Record<string, unknown>, `${this.#path}${key}.`)
  }

  /** Throws a CheckpointError that names the file and the entry. */
  fail(key: string, expected: string, fix = 'Use the file that the checkpoint came with.'): never {
    return failCheckpoint({ file: this.file, entry: this.#path + key, expected, got: describe(this.#get(key)), fix })
  }

  #get(key: string): unknown {
    return Object.hasOwn(this.values, key) ? (this.values[key] ?? undefined) : undefined
  }
}
