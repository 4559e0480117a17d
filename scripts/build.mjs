// Builds every package (turbo, cached). Says nothing when there is nothing to do, and only on stderr otherwise: stdout belongs to
// the program that a script runs afterwards. Two builds of one clone would write the same files: the second waits.
import { spawn, spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { takeLock } from './build-lock.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const lock = join(root, 'node_modules/.build.lock')

try {
  const onWait = (pid) => console.error(`Waiting for another build of this clone (process ${pid}, ${lock}) …`)
  const release = await takeLock(lock, { onWait })
  try {
    process.exitCode = checkTools() || (await runTurbo(process.argv.slice(2)))
  } finally {
    release()
  }
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

/** A missing compiler is better said once, before anything starts. */
function checkTools() {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/native.mjs'), 'check'], {
    cwd: join(root, 'packages/metal-core'),
    stdio: ['ignore', 2, 2],
  })
  return status ?? 1
}

/** @returns the exit status, once turbo and all that it started are done: until then they may write. */
async function runTurbo(args) {
  const turbo = spawn('turbo', ['run', 'build', '--output-logs=errors-only', ...args], {
    cwd: root,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, which gets each signal once: from here, also when it is of the terminal
  })
  let stoppedBy
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(name, () => {
      stoppedBy = name
      try {
        process.kill(-turbo.pid, name)
      } catch {
        // It has ended, or never began.
      }
    })
  }
  const output = []
  for (const stream of [turbo.stdout, turbo.stderr]) stream.on('data', (chunk) => output.push(chunk))
  const notice = setTimeout(() => console.error('Building the packages (a minute or two the first time) …'), 3000)
  const status = await new Promise((resolve) => {
    turbo.on('error', ({ message }) => {
      console.error(`[build] expected to run turbo, got ${message}. Build through pnpm: npx -y pnpm@10.34.9 build`)
      resolve(1)
    })
    turbo.on('close', (code) => resolve(code ?? 1))
  })
  clearTimeout(notice)
  if (status !== 0) process.stderr.write(Buffer.concat(output))
  return stoppedBy === undefined ? status : 128 + constants.signals[stoppedBy]
}
