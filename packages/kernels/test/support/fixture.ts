/** Expected values that other projects computed, from the folder that METAL_FP4_TEST_DATA names. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { readNpy } from './npy.js'

const folder = process.env.METAL_FP4_TEST_DATA
const goldens = folder === undefined ? undefined : join(folder, 'fixtures', 'op_goldens')

export interface Fixture {
  /** The tensor `<name>.npy` of the fixture. */
  readonly numbers: (name: string) => ArrayLike<number>
}

/** A test over the tensors of one folder of `op_goldens`; skipped, with one line, where there is no test data. */
export function fixture(name: string, body: (fixture: Fixture) => Promise<void>): void {
  if (goldens === undefined) {
    test.skip(`${name} (set METAL_FP4_TEST_DATA)`, () => undefined)
    return
  }
  test(name, async () => {
    const path = join(goldens, name)
    if (!existsSync(path)) throw new Error(`METAL_FP4_TEST_DATA is set, but there is no ${path}`)
    await body({ numbers: (tensor) => readNpy(join(path, `${tensor}.npy`)).data })
  })
}
