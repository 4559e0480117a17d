// Packs every package, installs each from a registry on this machine into an empty folder with npm, as its README says, and runs the README's
// examples there: as ES modules and as CommonJS, on this Node and on the newest of npm's `node`. Ends with "N passed, N failed".
//
//   node scripts/install-test.mjs [PACKAGE…] [--node PATH] [--keep]     e.g. kernels dispatch; needs a build, and npm's registry
//
// With METAL_FP4_DEEP=1 the native parts are also built from the sources that the packages come with.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { argv, env, execPath, exit } from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { examplesOf, installLines, writeFiles } from './install-test/examples.mjs'
import { startRegistry } from './install-test/registry.mjs'
import { faultsOf, packAll } from './install-test/tarballs.mjs'
import { typeFaults } from './install-test/types.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { positionals, values } = parseArgs({
  args: argv.slice(2),
  allowPositionals: true,
  options: { node: { type: 'string' }, keep: { type: 'boolean', default: false } },
})
const work = mkdtempSync(join(tmpdir(), 'metal-fp4-install-'))
const cache = join(work, 'cache')
const limitMs = 180_000
/** What a command that comes with a package must be able to say. */
const commands = {
  'fp4-bench': [['--help']],
  'fp4-decode': [['--version'], ['--help'], ['doctor']],
  'fp4-quant': [['--help']],
  'metal-sim': [['--version'], ['--help']],
}

let passed = 0
let failed = 0

function report(title, fault) {
  if (fault === undefined) passed++
  else failed++
  console.log(
    `${fault === undefined ? 'passed' : 'FAILED'}: ${title}${fault === undefined ? '' : `\n${fault.replace(/^/gm, '    ')}`}`,
  )
}

/** Runs a program; resolves to what went wrong, or undefined. The event loop stays free for the registry. */
function run(command, args, cwd, limit = limitMs) {
  return new Promise((resolve) => {
    const path = [join(cwd, 'node_modules/.bin'), env.PATH].join(delimiter)
    const child = spawn(command, args, {
      cwd,
      env: { ...clean(env), PATH: path, XDG_CACHE_HOME: cache, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk))
    const timer = setTimeout(() => child.kill('SIGKILL'), limit)
    child.on('error', (error) => resolve(error.message))
    child.on('close', (status, signal) => {
      clearTimeout(timer)
      const text = Buffer.concat(output).toString()
      resolve(status === 0 ? undefined : `${signal ?? `exit status ${status}`}\n${text.slice(-3000)}`)
    })
  })
}

/** The environment without what pnpm and npm tell the scripts that they run. */
function clean(all) {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !/^(npm_|NODE_OPTIONS$|INIT_CWD$)/i.test(name)))
}

/** The newest Node that npm has a program of for this host. */
async function newestNode() {
  if (values.node) return values.node
  const name = `node-${process.platform}-${process.arch}`
  const { stdout } = spawnSync('npm', ['view', name, 'versions', '--json'], { encoding: 'utf8' })
  const versions = JSON.parse(stdout).filter((version) => /^\d+\.\d+\.\d+$/.test(version))
  const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  const folder = join(work, 'node')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const fault = await run('npm', [...quiet, 'install', `${name}@${newest}`], folder)
  if (fault !== undefined) throw new Error(`expected to install ${name}@${newest}, got ${fault}`)
  return join(folder, 'node_modules', name, 'bin/node')
}

const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error', '--prefer-offline']

async function testPackage({ folder, manifest }, registry, nodes) {
  const { name } = manifest
  const here = join(work, basename(folder))
  mkdirSync(here)
  writeFileSync(join(here, 'package.json'), '{ "private": true }')
  writeFileSync(
    join(here, '.npmrc'),
    `@metal-fp4:registry=${registry}\naudit=false\nfund=false\nprefer-offline=true\nloglevel=error\n`,
  )
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const examples = examplesOf(readme)
  writeFiles(readme, here)
  const [install] = installLines(readme, name)
  if (install === undefined) {
    report(`${name}: the README says how to install it`, `expected a sh block with npm install … ${name}`)
    return
  }
  if (!examples.some(({ shell }) => shell?.includes(install))) {
    report(`${name}: README.md, ${install}`, await run('sh', ['-euc', install], here))
  }
  const clang = ['clang++', 'clang++-19'].some((command) => spawnSync(command, ['--version']).status === 0)
  for (const { line, shell, needs, programs, imports } of examples) {
    const title = `${name}: README.md:${line}`
    if (needs === 'clang' && !clang) {
      console.log(`skipped: ${title} (needs clang 19: apt-get install clang-19 libclang-rt-19-dev)`)
      continue
    }
    if (shell !== undefined) {
      report(`${title}, ${shell.trim().split('\n')[0]}`, await run('sh', ['-euc', shell], here))
      continue
    }
    const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
    const unnamed = imports.filter((wanted) => !(wanted in dependencies) && !(wanted in devDependencies))
    if (unnamed.length > 0)
      report(`${title} imports what was installed`, `not in an install line: ${unnamed.join(', ')}`)
    for (const { file, code } of programs) writeFileSync(join(here, file), code)
    await Promise.all(
      nodes.map(async ({ label, path }) => {
        for (const { format, file } of programs) report(`${title}, ${format}, ${label}`, await run(path, [file], here))
      }),
    )
  }
  report(`${name}: types of the README's examples`, typeFaults(examples, here))
  for (const command of Object.keys(manifest.bin ?? {})) {
    for (const args of commands[command] ?? [['--help']]) {
      for (const { label, path } of nodes) {
        const program = join(here, 'node_modules/.bin', command)
        report(`${name}: ${command} ${args.join(' ')}, ${label}`, await run(path, [program, ...args], here))
      }
    }
  }
}

/** Without the prebuilt package, and from source. */
async function testWithout(registry, host) {
  const here = join(work, 'without')
  mkdirSync(here)
  writeFileSync(join(here, 'package.json'), '{ "private": true }')
  writeFileSync(join(here, '.npmrc'), `@metal-fp4:registry=${registry}\n`)
  report(
    '@metal-fp4/kernels without optional dependencies',
    await run('npm', [...quiet, 'install', '--omit=optional', '@metal-fp4/kernels'], here),
  )
  const code = `import('@metal-fp4/metal-core').then(({ createDevice }) => createDevice()).then(
    () => process.exit(3),
    ({ code, message }) => process.exit(code === 'ERR_METAL_CORE_NATIVE_LOAD' && message.includes('npm install @metal-fp4/metal-core-${host}@') ? 0 : 4))`
  report('a missing prebuilt package is an error that says what to install', await run(execPath, ['-e', code], here))
  if (env.METAL_FP4_DEEP !== '1') return
  const build = 'node_modules/@metal-fp4/metal-core/scripts/build-from-source.mjs'
  report('the native parts build from source', await run(execPath, [build], here, 10 * limitMs))
  const use = `import('@metal-fp4/kernels').then(async ({ kernels }) => { const { float32 } = await kernels.decodeGemvFp4(new Float32Array(8).fill(1), new Uint32Array(64).fill(0x22222222), new Uint16Array(64).fill(0x3c00), 8); process.exit(float32[0] === 8 ? 0 : 3) })`
  report('and work', await run(execPath, ['-e', use], here))
}

if (spawnSync('pnpm', ['--version']).status !== 0) {
  console.error('install-test: expected pnpm on PATH, found none. Run it through pnpm: npx -y pnpm@10 test:install')
  exit(1)
}
try {
  const { packed, prebuilt, others } = packAll(join(work, 'tarballs'), console.log)
  for (const tarball of [...packed, ...prebuilt]) {
    const faults = faultsOf(tarball)
    report(`${tarball.manifest.name}: contents of the tarball`, faults.length > 0 ? faults.join('\n') : undefined)
  }
  const quant = packed.find(({ manifest }) => manifest.name === '@metal-fp4/fp4-quant').manifest
  const depends = ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.keys(quant[kind] ?? {}),
  )
  report('@metal-fp4/fp4-quant: no dependency', depends.length > 0 ? depends.join(', ') : undefined)
  const newest = await newestNode()
  const version = spawnSync(newest, ['--version'], { encoding: 'utf8' }).stdout?.trim()
  const nodes = [
    { label: `Node ${process.version}`, path: execPath },
    { label: `Node ${version}`, path: newest },
  ]
  const { url, close } = await startRegistry([...packed, ...prebuilt, ...others])
  const chosen = packed.filter(({ folder }) => positionals.length === 0 || positionals.includes(basename(folder)))
  for (const one of chosen) await testPackage(one, url, nodes)
  if (positionals.length === 0) await testWithout(url, `${process.platform}-${process.arch}`)
  close()
} finally {
  if (values.keep) console.log(`kept: ${work}`)
  else rmSync(work, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
exit(failed > 0 || passed === 0 ? 1 : 0)
