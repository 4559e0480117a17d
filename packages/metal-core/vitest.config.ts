import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { shared } from '../../vitest.shared.js'

const config: ViteUserConfig = defineConfig({ ...shared, test: { ...shared.test, globalSetup: ['test/setup.ts'] } })

export default config
