import { type ViteUserConfig, defineConfig } from 'vitest/config'
import { shared } from '../../vitest.shared.js'

const config: ViteUserConfig = defineConfig(shared)
export default config
