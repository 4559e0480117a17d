import type { ViteUserConfig } from 'vitest/config'
import { shared } from '../../vitest.shared.js'

const config: ViteUserConfig = shared

export default config
