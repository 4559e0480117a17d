// Builds every package (turbo, cached). All output goes to stderr, so that what runs after it owns stdout.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { requireToolchain } from './native.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

requireToolchain()

const { status, error } = spawnSync('turbo', ['run', 'build', '--output-logs=errors-only', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 2, 2],
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
})
if (error) {
  console.error(`[build] expected to run turbo, got ${error.message}. Run it through pnpm: npx -y pnpm@10.34.9 build`)
}
process.exit(status ?? 1)
