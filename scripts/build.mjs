// Builds every package (turbo, cached). All output goes to stderr, so that what runs after it owns stdout.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: ['ignore', 2, 2] })
  if (error) {
    console.error(
      `[build] expected to run ${command}, got ${error.message}. Build through pnpm: npx -y pnpm@10.34.9 build`,
    )
  }
  if (status !== 0) process.exit(status ?? 1)
}

// A missing compiler is better said once, before anything starts.
run(process.execPath, [`${root}/scripts/native.mjs`, 'check'], `${root}/packages/metal-core`)
run('turbo', ['run', 'build', '--output-logs=errors-only', ...process.argv.slice(2)], root)
