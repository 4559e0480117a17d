// Builds every package (turbo, cached). Says nothing when there is nothing to do, and only on stderr otherwise: stdout belongs to
// the program that a script runs afterwards.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { lock } from 'proper-lockfile'

const root = fileURLToPath(new URL('..', import.meta.url))
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }

// A missing compiler is better said once, before anything starts.
const check = spawnSync(process.execPath, [`${root}/scripts/native.mjs`, 'check'], {
  cwd: `${root}/packages/metal-core`,
  stdio: ['ignore', 2, 2],
})
if (check.status !== 0) process.exit(check.status ?? 1)

// Two builds of one clone would write the same files: the second waits, and then has nothing to do.
const waiting = setTimeout(() => process.stderr.write('Waiting for another build of this clone …\n'), 1000)
const release = await lock(root, {
  lockfilePath: `${root}/node_modules/.build.lock`,
  stale: 20_000, // of a build that was killed
  retries: { forever: true, minTimeout: 200, maxTimeout: 200 },
  onCompromised: (error) => console.error(`[build] expected this build alone, got ${error.message}`),
})
clearTimeout(waiting)

const turbo = spawn('turbo', ['run', 'build', '--output-logs=errors-only', ...process.argv.slice(2)], {
  cwd: root,
  env,
  stdio: ['ignore', 'pipe', 'pipe'],
})
const output = []
for (const stream of [turbo.stdout, turbo.stderr]) stream.on('data', (chunk) => output.push(chunk))
const notice = setTimeout(
  () => process.stderr.write('Building the packages (a minute or two the first time) …\n'),
  3000,
)

turbo.on('error', (error) => {
  clearTimeout(notice)
  console.error(`[build] expected to run turbo, got ${error.message}. Build through pnpm: npx -y pnpm@10.34.9 build`)
  process.exitCode = 1
})
turbo.on('close', async (status) => {
  clearTimeout(notice)
  await release()
  if (status !== 0) process.stderr.write(Buffer.concat(output))
  process.exitCode = status ?? 1
})
