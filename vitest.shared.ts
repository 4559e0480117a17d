import type { ViteUserConfig } from 'vitest/config'

const conditions = ['@metal-fp4/source']

/** What every package's vitest.config.ts starts from. */
export const shared: ViteUserConfig = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, pool: 'forks' },
}
