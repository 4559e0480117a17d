import { readdirSync, rmSync } from 'node:fs'
import type { Options } from 'tsup'

// All builds write there, so that none may clean it while another runs. Types take longer to make than code: the old ones stay until then,
// for whoever reads them meanwhile.
const old = readdirSync('.').includes('dist') ? readdirSync('dist') : []
for (const name of old.filter((file) => !/\.d\.c?ts$/.test(file))) rmSync(`dist/${name}`)

// No shims and a neutral platform: the bundle runs in any JavaScript runtime, so nothing of Node may slip in.
const library: Options = {
  entry: {
    index: 'src/index.ts',
    parallel: 'src/parallel/index.ts',
    safetensors: 'src/safetensors/index.ts',
    worker: 'src/parallel/worker.ts',
  },
  // Classes of errors are the same ones in every entry.
  splitting: true,
  dts: true,
  platform: 'neutral',
  target: 'es2022',
}

const options: Options[] = [
  { ...library, format: ['esm'], sourcemap: true },
  // Without source maps: where CommonJS is split, they would name the folder that it was built in.
  { ...library, format: ['cjs'] },
  {
    // The command: one file, its parser of options included, so that the package depends on nothing. (CommonJS, as the parser is.)
    entry: { cli: 'src/cli/main.ts' },
    format: ['cjs'],
    noExternal: ['commander'],
    banner: { js: '#!/usr/bin/env node' },
    shims: true,
    platform: 'node',
    target: 'node20',
  },
]

export default options
