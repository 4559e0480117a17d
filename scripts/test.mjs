// Builds, runs every test, and ends with the line "N passed, N failed". Arguments go to vitest.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) process.exit(status ?? 1)
}

run(process.execPath, ['scripts/build.mjs'])
run('vitest', ['run', '--reporter=default', '--reporter=./scripts/count-reporter.mjs', ...process.argv.slice(2)])
