import type { Options } from 'tsup'

// No shims and a neutral platform: the bundle runs in any JavaScript runtime, so nothing of Node may slip in.
const options: Options = {
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  dts: true,
  clean: true,
  sourcemap: true,
  platform: 'neutral',
  target: 'es2022',
}

export default options
