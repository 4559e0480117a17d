/** `scripts/build.mjs` and `scripts/run.mjs` in a clone whose turbo is a script of ours. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'

const scripts = fileURLToPath(new URL('../../../scripts/', import.meta.url))
const clone = mkdtempSync(join(tmpdir(), 'build-script-'))
const path = (name: string): string => join(clone, name)
afterAll(() => rmSync(clone, { recursive: true, force: true }))

beforeEach(() => {
  rmSync(clone, { recursive: true, force: true })
  for (const name of ['build.mjs', 'build-lock.mjs', 'run.mjs']) cpSync(join(scripts, name), path(`scripts/${name}`))
  writeFileSync(path('scripts/native.mjs'), '')
  for (const name of ['packages/metal-core', 'node_modules', 'bin']) mkdirSync(path(name), { recursive: true })
  symlinkSync(process.execPath, path('bin/node'))
})

interface Outcome {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], begun?: (child: ChildProcess) => void): Promise<Outcome> {
  const PATH = [path('bin'), '/usr/bin', '/bin'].join(delimiter)
  const child = spawn(process.execPath, args, { cwd: clone, env: { ...process.env, PATH } })
  begun?.(child)
  const out = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (data: Buffer) => (out[name] += String(data)))
  return new Promise((resolve) => child.on('close', (status, signal) => resolve({ status, signal, ...out })))
}

const build = ['scripts/build.mjs', '--force']
/** Node takes it for a module or not by what is around the folder: it runs as either. */
function setTurbo(code: string): void {
  const text = `#!/usr/bin/env node\nconst fs = process.getBuiltinModule('fs')\n${code}`
  writeFileSync(path('bin/turbo'), text, { mode: 0o755 })
}

describe('build', () => {
  it('is silent when all is well', async () => {
    setTurbo("console.log('built'); console.error(process.argv.slice(2)); fs.writeFileSync('done', '')")
    expect(await run(build)).toEqual({ status: 0, signal: null, stdout: '', stderr: '' })
    expect(readdirSync(clone)).toContain('done')
    expect(readdirSync(path('node_modules'))).toEqual([])
  })

  it('shows what turbo said of a failure, and returns its status', async () => {
    setTurbo("console.log(process.argv.slice(2).join()); console.error('no room'); process.exitCode = 3")
    const { status, stdout, stderr } = await run(build)
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
    expect(stderr).toContain('run,build,--output-logs=errors-only,--force\n')
    expect(stderr).toContain('no room\n')
    expect(readdirSync(path('node_modules'))).toEqual([])
  })

  it.each([['SIGTERM', 143], ['SIGINT', 130]] as const)('holds the lock until turbo has ended after %s', async (name, code) => {
    setTurbo(`
      process.on('${name}', () => {
        setTimeout(() => {
          console.log('still locked: ' + fs.existsSync('node_modules/.build.lock'))
          process.exit(1)
        }, 100)
      })
      setInterval(() => undefined, 1000)
      fs.writeFileSync('begun', '')`)
    const outcome = await run(build, (child) => {
      const watch = setInterval(() => {
        if (!readdirSync(clone).includes('begun')) return
        clearInterval(watch)
        child.kill(name)
      }, 10)
      child.on('close', () => clearInterval(watch))
    })
    expect(outcome).toMatchObject({ status: code, stderr: 'still locked: true\n' })
    expect(readdirSync(path('node_modules'))).toEqual([])
  }) // prettier-ignore

  it('says what is missing', async () => {
    const noTurbo = await run(build)
    expect(noTurbo).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^\[build\] expected to run turbo, got spawn turbo ENOENT\. .* build\n$/),
    })
    expect(readdirSync(path('node_modules'))).toEqual([])
    writeFileSync(path('scripts/native.mjs'), "console.log('native: no compiler'); process.exitCode = 4")
    expect(await run(build)).toMatchObject({ status: 4, stdout: '', stderr: 'native: no compiler\n' })
    rmSync(path('node_modules'), { recursive: true })
    expect(await run(build)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^\[build\] expected the folder .*node_modules, got none\. .* install\n$/),
    })
  })
})

it('runs a program without the dashes that another runner leaves before its words', async () => {
  writeFileSync(path('words.cjs'), 'console.log(JSON.stringify(process.argv.slice(1)))')
  const wordsOf = async (...words: string[]): Promise<unknown> =>
    JSON.parse((await run(['scripts/run.mjs', 'words.cjs', ...words])).stdout)
  const program = expect.stringMatching(/[/\\]words\.cjs$/)
  expect(await wordsOf('--', 'gemv', '--', '-x')).toEqual([program, 'gemv', '--', '-x'])
  expect(await wordsOf('gemv', '--')).toEqual([program, 'gemv', '--'])
  expect(await wordsOf()).toEqual([program])
})
