import { describe } from 'vitest'
import { clangAvailable } from '../../src/index.js'

const available = await clangAvailable()

/** Tests that need clang; a machine without it says so once and skips them. */
export const withClang = (name: string, tests: () => void): void => {
  describe.skipIf(!available)(available ? name : `${name} (skipped: no clang++ 19 or newer)`, tests)
}
