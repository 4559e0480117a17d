import { type ViteUserConfig, defineConfig } from 'vitest/config'

// Tests run against the sources of the TypeScript packages (the '@metal-fp4/source' export condition); native parts come
// from `pnpm build`, which the root test script runs first.
const config: ViteUserConfig = defineConfig({
  test: { projects: ['packages/*', 'apps/*', 'docs'] },
})
export default config
