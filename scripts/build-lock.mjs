// One build of a clone at a time: a file that names the process which builds.
import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until nobody else holds the lock `path`, then holds it. One whose process is gone holds it no longer; so does one that gave no
 * sign of life for `patienceMs`: its process may be of another machine (a container's), or its number may have gone to another program.
 *
 * @returns what lets go of the lock, and never throws.
 * @throws Error `[build] expected …, got …`, at once, when the file cannot be made or read.
 */
export async function takeLock(path, options = {}) {
  const { pollMs = 200, touchMs = 5000, patienceMs = 60_000, noticeMs = 1000, onWait } = options
  const own = `${process.pid} ${hostname()} ${randomUUID()}`
  const started = performance.now()
  let [last, since, told] = ['', started, false]
  while (!create(path, own)) {
    const { text, sign } = look(path)
    const now = performance.now()
    if (sign !== last) [last, since] = [sign, now]
    if (isGone(text) || now - since > patienceMs) removeOf(path, text)
    else if (!told && now - started >= noticeMs) {
      told = true
      onWait?.(text?.split(' ')[0] ?? '')
    }
    await sleep(pollMs)
  }
  const touching = setInterval(() => touch(path), touchMs).unref()
  return () => {
    clearInterval(touching)
    try {
      if (readFileSync(path, 'utf8') === own) rmSync(path)
    } catch {
      // It went with its folder: there is nothing to let go of.
    }
  }
}

/** False when there is one already. */
function create(path, text) {
  let file
  try {
    file = openSync(path, 'wx')
    writeSync(file, text)
    return true
  } catch (error) {
    if (file !== undefined) rmSync(path, { force: true })
    if (error.code === 'EEXIST') return false
    if (error.code !== 'ENOENT') return fail(path, error)
    throw new Error(
      `[build] expected the folder ${dirname(path)}, got none. Build through pnpm: npx -y pnpm@10.34.9 install`,
    )
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** What the file says, and what changes with every sign of life. */
function look(path) {
  try {
    const text = readFileSync(path, 'utf8')
    return { text, sign: `${text} ${statSync(path).mtimeMs}` }
  } catch (error) {
    return error.code === 'ENOENT' ? { text: undefined, sign: 'none' } : fail(path, error)
  }
}

function isGone(text = '') {
  const [pid, host] = text.split(' ')
  if (!/^[1-9]\d*$/.test(pid) || host !== hostname()) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** Removes the file that says `text`. One process at a time: another might remove what a third has made since. */
function removeOf(path, text) {
  const guard = `${path}.removing`
  try {
    mkdirSync(guard)
  } catch (error) {
    if (error.code !== 'EEXIST') return fail(guard, error)
    const info = statSync(guard, { throwIfNoEntry: false })
    // Whoever made it was killed between two lines of this function.
    if (info && Date.now() - info.mtimeMs > 10_000) rmSync(guard, { recursive: true, force: true })
    return
  }
  try {
    if (look(path).text === text) rmSync(path, { force: true })
  } finally {
    rmSync(guard, { recursive: true, force: true })
  }
}

function touch(path) {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // Removed with its folder.
  }
}

function fail(path, { message }) {
  throw new Error(`[build] expected to make and read the file ${path}, got ${message}. Check permissions and space.`)
}
