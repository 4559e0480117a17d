/** Builds the cases in this folder over objc/, once for a state of the sources. */
import { readFileSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cached, folderText, hashOf } from '../../src/cache.js'
import { objcDirectory } from '../../src/objc/driver-command.js'
import { defaultCacheDirectory } from '../../src/paths.js'
import { runProcess } from '../../src/process.js'
import { clangAvailable, findToolchain } from '../../src/toolchain.js'

const folder = dirname(fileURLToPath(import.meta.url))
const includes = ['-I', join(objcDirectory, 'include')]
const flags = ['-std=c++20', '-O0', '-fPIC', '-x', 'objective-c++', '-fobjc-runtime=gcc', '-fno-objc-arc', '-fblocks']
const flagsOfStrings = ['-fconstant-string-class=NSConstantString', '-Wall', '-Wextra', '-Werror', ...includes]
const parallel = 2

/** What is missing to run the cases; nothing if all is there. */
export const missing: string | undefined =
  process.platform !== 'linux'
    ? 'Linux'
    : !(await clangAvailable())
      ? 'clang++-19'
      : libobjc() === undefined
        ? 'libobjc-12-dev'
        : undefined

/** The program with all cases. */
export const buildCases = async (): Promise<string> => {
  const { clang, version } = await findToolchain()
  const cache = join(defaultCacheDirectory(), 'objc')
  await mkdir(cache, { recursive: true })
  const headers = hashOf(folderText(objcDirectory, /\.h$/), folderText(folder, /\.h$/), version)
  const sources = [
    ...librarySources(),
    ...readdirSync(folder)
      .filter((name) => name.endsWith('.mm'))
      .map((name) => join(folder, name)),
  ]
  const objects: string[] = []
  const queue = [...sources]
  const work = async (): Promise<void> => {
    for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
      const name = basename(source)
      const object = join(cache, `${name}-${hashOf(headers, source, readFileSync(source, 'utf8'))}.o`)
      objects.push(object)
      await cached(object, (temporary) => run(clang, [...flags, ...flagsOfStrings, '-c', source, '-o', temporary]))
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  return cached(join(cache, `cases-${hashOf(...objects.sort())}`), (temporary) =>
    run(clang, [...objects, libobjc()!, '-lpthread', '-o', temporary]),
  )
}

/** Diagnostics of a source that is only looked at, for an Apple target or this machine's. */
export const typeCheck = async (source: string, target: 'apple' | 'linux'): Promise<string> => {
  const { clang } = await findToolchain()
  const apple = ['-target', 'arm64-apple-macos14', '-ffreestanding', '-fno-objc-arc', '-fblocks', '-std=c++20']
  const parameters =
    target === 'apple'
      ? [...apple, ...includes]
      : [...flags.filter((flag) => !/^-x$|objective-c/.test(flag)), ...flagsOfStrings]
  const { stderr } = await runProcess(clang, [...parameters, '-x', 'objective-c++', '-fsyntax-only', '-Werror', '-'], {
    input: source,
  })
  return stderr
}

const run = async (command: string, parameters: readonly string[]): Promise<void> => {
  const { status, stderr } = await runProcess(command, parameters)
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')}\n${stderr}`)
}

/** Those that CMakeLists.txt names. */
const librarySources = (): string[] =>
  [...readFileSync(join(objcDirectory, 'CMakeLists.txt'), 'utf8').matchAll(/^ {2}(src\/\S+\.(?:mm|cc))/gm)].map(
    ([, path]) => join(objcDirectory, path),
  )

/** gcc keeps it in a folder of its own. */
function libobjc(): string | undefined {
  const list = (path: string): string[] => {
    try {
      return readdirSync(path).map((name) => join(path, name))
    } catch {
      return []
    }
  }
  return list('/usr/lib/gcc')
    .flatMap(list)
    .flatMap(list)
    .find((path) => path.endsWith('/libobjc.so'))
}
