import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkOutput, writeOutput } from '../src/index.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-output-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

it('a file that can be written is left as it was', () => {
  const path = join(folder, 'a.json')
  checkOutput('--save', path)
  expect(existsSync(path)).toBe(false)
  writeOutput('--save', path, 'before')
  checkOutput('--save', path)
  expect(readFileSync(path, 'utf8')).toBe('before')
})

it.each([
  ['in no folder', 'no/a.json', 'ENOENT'],
  ['that is a folder', '.', 'EISDIR'],
])('a file %s is refused by either, with the reason', (_, name, reason) => {
  const path = join(folder, name)
  const message = `[--save] expected to write ${path}, got ${reason}`
  expect(() => {
    checkOutput('--save', path)
  }).toThrow(message)
  expect(() => {
    writeOutput('--save', path, '')
  }).toThrow(message)
})
