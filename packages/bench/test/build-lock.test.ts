/** `scripts/build-lock.mjs`: builds of one clone take turns, whatever became of the one before. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs' // prettier-ignore
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeEach, expect, it, vi } from 'vitest'
import { takeLock } from '../../../scripts/build-lock.mjs'

const folder = mkdtempSync(join(tmpdir(), 'build-lock-'))
const lock = join(folder, 'node_modules/.build.lock')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
})

/** Never waits out another's silence. */
const patient = { pollMs: 5, patienceMs: Infinity }
const module = new URL('../../../scripts/build-lock.mjs', import.meta.url).href
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid

it('waits for the holder, and names it once', async () => {
  const onWait = vi.fn()
  const release = await takeLock(lock, patient)
  let taken = false
  const second = takeLock(lock, { ...patient, noticeMs: 0, onWait }).then((releaseSecond) => {
    taken = true
    return releaseSecond
  })
  await sleep(50)
  expect(taken).toBe(false)
  expect(onWait.mock.calls).toEqual([[String(process.pid)]])
  release()
  const releaseSecond = await second
  releaseSecond()
  expect(readdirSync(join(folder, 'node_modules'))).toEqual([])
})

it('lets processes in one after the other, behind one that was killed', async () => {
  writeFileSync(lock, `${deadPid()} ${hostname()} gone`)
  const code = `
    import { appendFileSync } from 'node:fs'
    import { takeLock } from ${JSON.stringify(module)}
    for (let i = 0; i < 5; i++) {
      const release = await takeLock('node_modules/.build.lock', { pollMs: 1, patienceMs: Infinity })
      appendFileSync('log', 'in ')
      await new Promise((resolve) => setTimeout(resolve, 2))
      appendFileSync('log', 'out ')
      release()
    }
    // The next one is killed while it holds the lock.
    await takeLock('node_modules/.build.lock', { pollMs: 1, patienceMs: Infinity })
    process.kill(process.pid, 'SIGKILL')`
  const signals = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: folder, stdio: 'inherit' })
    return new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)))
  })
  expect(await Promise.all(signals)).toEqual(signals.map(() => 'SIGKILL'))
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('in out '.repeat(20))
})

it.each([
  ['of another machine', '1 elsewhere x'],
  ['whose process number another program has now', `${process.pid} ${hostname()} x`],
  ['that was killed before it wrote its name', ''],
])('takes the lock of a holder %s when it gives no sign of life', async (_, text) => {
  writeFileSync(lock, text)
  const release = await takeLock(lock, { pollMs: 5, patienceMs: 20 })
  expect(readFileSync(lock, 'utf8')).not.toBe(text)
  release()
})

it('gives signs of life', async () => {
  const release = await takeLock(lock, { touchMs: 5 })
  utimesSync(lock, 1, 1)
  await vi.waitFor(() => expect(statSync(lock).mtimeMs).toBeGreaterThan(1e6))
  release()
})

it('removes what one left that was killed while it removed a lock', async () => {
  writeFileSync(lock, `${deadPid()} ${hostname()} gone`)
  mkdirSync(`${lock}.removing`)
  utimesSync(`${lock}.removing`, 1, 1)
  const release = await takeLock(lock, patient)
  release()
  expect(readdirSync(join(folder, 'node_modules'))).toEqual([])
})

it('lets go of its own lock only, and never throws', async () => {
  const release = await takeLock(lock, patient)
  writeFileSync(lock, '1 elsewhere x')
  release()
  expect(readFileSync(lock, 'utf8')).toBe('1 elsewhere x')
  rmSync(join(folder, 'node_modules'), { recursive: true })
  release()
  expect(existsSync(lock)).toBe(false)
})

it('says at once what is wrong', async () => {
  mkdirSync(lock)
  await expect(takeLock(lock, patient)).rejects.toThrow(/^\[build\] expected to make and read the file .*, got EISDIR/)
  await expect(takeLock(join(folder, 'none/.build.lock'), patient)).rejects.toThrow(
    /^\[build\] expected the folder .*none, got none\. Build through pnpm: npx -y pnpm@10\.34\.9 install$/,
  )
  writeFileSync(join(folder, 'file'), '')
  await expect(takeLock(join(folder, 'file/.build.lock'), patient)).rejects.toThrow(
    /^\[build\] expected to make and read the file .*, got ENOTDIR.*\. Check permissions and space\.$/,
  )
})
