// Builds the addon with the Metal device over software Metal (packages/metal-sim/objc), which only tests use:
//
//   node scripts/software-metal.mjs    prints its path, or what has to be installed
//
// Built again when what it is made of changes; several processes may ask at once.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const native = fileURLToPath(new URL('../../../scripts/native.mjs', import.meta.url))
const objc = fileURLToPath(new URL('../../metal-sim/objc', import.meta.url))
const folder = join(root, 'build/software-metal')
const compiler = 'clang++-19'
const file = 'metal_core_software.node'

/** What has to be installed for `buildSoftwareMetal`; undefined when nothing is missing. */
export function missingForSoftwareMetal() {
  if (process.platform !== 'linux') return 'software Metal is for Linux'
  const links = (...options) => {
    try {
      const stdio = ['pipe', 'ignore', 'ignore']
      execFileSync(compiler, [...options, '-', '-o', '/dev/null'], { input: 'int main() {}', stdio })
      return true
    } catch {
      return false
    }
  }
  const advice = 'apt-get install clang-19 libclang-rt-19-dev libobjc-12-dev'
  if (!links('-x', 'c++')) return `needs clang 19: ${advice}`
  if (!links('-x', 'c++', '-fsanitize=address,undefined')) return `needs clang's sanitizers: ${advice}`
  if (!links('-x', 'objective-c++', '-fobjc-runtime=gcc', '-lobjc')) {
    return `needs GNU's Objective-C runtime: ${advice}`
  }
  return undefined
}

/** Builds the addon when it is not up to date; resolves to its path. Throws with the compiler's output. */
export async function buildSoftwareMetal() {
  mkdirSync(folder, { recursive: true })
  const key = hashOfInputs()
  const addon = join(folder, key, file)
  if (existsSync(addon)) return addon
  const unlock = await lock(join(folder, 'lock'))
  try {
    if (existsSync(addon)) return addon
    await run(process.execPath, [native, 'software'])
    // Under a name of its own, as another process may have the last one loaded.
    mkdirSync(join(folder, key), { recursive: true })
    copyFileSync(join(root, 'build/software', file), `${addon}.new`)
    renameSync(`${addon}.new`, addon)
    const old = readdirSync(folder).filter((name) => /^[0-9a-f]{16}$/.test(name) && name !== key)
    old.sort((a, b) => statSync(join(folder, b)).mtimeMs - statSync(join(folder, a)).mtimeMs)
    for (const name of old.slice(2)) rmSync(join(folder, name), { recursive: true, force: true })
    return addon
  } finally {
    unlock()
  }
}

function hashOfInputs() {
  const hash = createHash('sha256')
  const add = (path) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name))
    } else if (/\.(cc|h|mm|txt)$/.test(path)) {
      hash.update(path).update('\0').update(readFileSync(path)).update('\0')
    }
  }
  for (const path of [join(root, 'native'), join(root, 'include'), join(root, 'CMakeLists.txt'), objc]) add(path)
  return hash.digest('hex').slice(0, 16)
}

/** One builder at a time. A lock whose process is gone is taken over. */
async function lock(path) {
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!lives(path)) rmSync(path, { force: true })
    await setTimeout(200)
  }
}

function lives(path) {
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

async function run(command, args) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, CXX: compiler },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk))
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (status !== 0) throw new Error(`[software-metal] expected the addon to build, got:\n${Buffer.concat(output)}`)
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  console.log(missingForSoftwareMetal() ?? (await buildSoftwareMetal()))
}
