import { existsSync } from 'node:fs'
import { type Options, defineConfig } from 'tsup'

const shared: Options = { shims: true, sourcemap: true, target: 'node20' }

const config: ReturnType<typeof defineConfig> = defineConfig([
  {
    ...shared,
    entry: { index: 'src/index.ts', ...(existsSync('bench/index.ts') ? { bench: 'bench/index.ts' } : {}) },
    format: ['esm', 'cjs'],
    dts: true,
    // Both parts are built at once: this one leaves the other's file alone.
    clean: ['!cli.js', '!cli.js.map'],
  },
  // A program, and not a library: one format, no types.
  { ...shared, entry: { cli: 'src/cli.ts' }, format: ['esm'] },
])

export default config
