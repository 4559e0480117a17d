import type { ViteUserConfig } from 'vitest/config'

const conditions = ['@metal-fp4/source']

/** What every package's vitest.config.ts starts from. */
export const shared: ViteUserConfig = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // A landing is not lost to one unlucky moment of a shared machine, and the moment is told: count-reporter.mjs names such tests.
    retry: process.env.CI === undefined ? 0 : 1,
  },
}
