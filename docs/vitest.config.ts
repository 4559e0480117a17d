import { type ViteUserConfig, defineConfig, mergeConfig } from 'vitest/config'
import { shared } from '../vitest.shared.js'

// Every block is a process of its own: two at a time are enough for small machines.
const config: ViteUserConfig = defineConfig(mergeConfig(shared, { test: { maxConcurrency: 2 } }))
export default config
