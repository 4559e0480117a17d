/** A file that a command writes at its end: after hours, a misspelt folder is a bad time to learn of. */
import { closeSync, existsSync, openSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { fail, messageOf } from './errors.js'

/** Opens the file for writing and leaves it as it was, or absent. @throws BenchError that names it, when it cannot be written. */
export function checkOutput(op: string, path: string): void {
  const isNew = !existsSync(path)
  attempt(op, path, () => {
    closeSync(openSync(path, 'a'))
    if (isNew) rmSync(path)
  })
}

/** Whether two paths lead to one file that exists. */
export function isSameFile(a: string, b: string): boolean {
  return existsSync(a) && existsSync(b) && realpathSync(a) === realpathSync(b)
}

/** @throws BenchError that names it, when it cannot be written. */
export function writeOutput(op: string, path: string, text: string): void {
  attempt(op, path, () => {
    writeFileSync(path, text)
  })
}

function attempt(op: string, path: string, action: () => void): void {
  try {
    action()
  } catch (error) {
    fail(op, `to write ${path}`, messageOf(error), 'Name a file in a folder that exists.')
  }
}
