import { type Options, defineConfig } from 'tsup'

const shared: Options = { shims: true, sourcemap: true, splitting: false, target: 'node20' }

const config: ReturnType<typeof defineConfig> = defineConfig([
  {
    ...shared,
    entry: { index: 'src/index.ts' },
    format: ['esm', 'cjs'],
    dts: true,
    // All parts are built at once: this one leaves the others' files alone.
    clean: ['!cli.js', '!cli.js.map', '!objc-driver.js', '!objc-driver.js.map'],
  },
  // Programs, and not libraries: one format, no types.
  { ...shared, entry: { cli: 'src/cli.ts', 'objc-driver': 'src/objc-driver.ts' }, format: ['esm'] },
])

export default config
