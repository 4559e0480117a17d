import { type ViteUserConfig, defineConfig } from 'vitest/config'
import { shared } from '../../vitest.shared.js'

// The workers' script is bundled from today's sources before any test.
const config: ViteUserConfig = defineConfig({
  ...shared,
  test: { ...shared.test, globalSetup: ['scripts/worker-code.mjs'] },
})
export default config
