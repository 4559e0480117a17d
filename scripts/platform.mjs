#!/usr/bin/env node
// The prebuilt packages (see platforms.cjs).
//
//   node scripts/platform.mjs pack [--out FOLDER] [--glibc VERSION]
//                                                   builds, checks and packs those of this host: FOLDER/*.tgz (default build/platform)
//   node scripts/platform.mjs unpublished           prints the packages whose version is not in the registry
//   node scripts/platform.mjs publish FOLDER        publishes the tarballs of all platforms, except versions that are published
//
// What is packed needs nothing but the C library, names no path of this machine, and needs on Linux no glibc newer than VERSION (default: that of platforms.cjs).
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { argv, exit } from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { whereItIs } from './packing.cjs'
import { glibc as newestGlibc, nativeParts, platformPackage, platforms } from './platforms.cjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const native = join(root, 'scripts/native.mjs')
/** What a Linux binary may load; `ld-linux-*` besides. */
const systemLibraries = new Set(['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1'])

class PlatformError extends Error {}

/** The platform of this machine. Throws when there are no packages for it. */
export function hostPlatform() {
  const host = platforms.find(({ os, cpu }) => os === process.platform && cpu === process.arch)
  if (host === undefined) {
    const known = platforms.map(({ os, cpu }) => `${os}-${cpu}`).join(', ')
    throw new PlatformError(`expected one of ${known}, got ${process.platform}-${process.arch}`)
  }
  return host
}

/** Builds, checks and packs; returns the paths of the tarballs. */
export function packHost(out, { glibc = newestGlibc, log = console.log } = {}) {
  const host = hostPlatform()
  mkdirSync(out, { recursive: true })
  return Object.entries(nativeParts).map(([name, part]) => {
    log(`building ${platformPackage(name, host)}`)
    const folder = join(root, part.folder)
    execFileSync(process.execPath, [native, 'package'], { cwd: folder, stdio: ['ignore', 2, 2] })
    const file = part.file(host.os)
    const needs = checkBinary(join(folder, 'build/package', file), host, glibc)
    const tarball = packOne(name, host, file, needs, out)
    log(`${tarball}${needs === undefined ? '' : `: needs glibc ${needs}`}`)
    return tarball
  })
}

/** Throws when a binary is not fit for other machines; returns the glibc that it needs. */
function checkBinary(path, host, glibc) {
  const text = readFileSync(path, 'latin1')
  for (const folder of [root, homedir()]) {
    if (folder.length > 2 && text.includes(folder))
      throw new PlatformError(`${path}: expected no path of this machine, got ${folder}`)
  }
  if (host.os !== 'linux') return undefined
  const readelf = (option) => execFileSync('readelf', ['-W', option, path], { encoding: 'utf8' })
  for (const [, library] of readelf('-d').matchAll(/\(NEEDED\).*\[(.*)\]/g)) {
    if (!systemLibraries.has(library) && !library.startsWith('ld-linux')) {
      throw new PlatformError(`${path}: expected to need nothing but the C library, got ${library}`)
    }
  }
  const versions = [...readelf('-V').matchAll(/Name: GLIBC_([0-9.]+)/g)].map(([, version]) => version)
  const needs = versions.sort(byVersion).at(-1)
  if (needs === undefined) throw new PlatformError(`${path}: expected versions of glibc's symbols, got none`)
  if (byVersion(needs, glibc) > 0) {
    throw new PlatformError(`${path}: expected to need glibc ${glibc} at most, got ${needs}; build on an older system`)
  }
  return needs
}

function byVersion(a, b) {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number))
  return x.map((part, i) => part - (y[i] ?? 0)).find((difference) => difference !== 0) ?? x.length - y.length
}

function packOne(of, host, file, needs, out) {
  const parent = JSON.parse(readFileSync(join(root, nativeParts[of].folder, 'package.json'), 'utf8'))
  const name = platformPackage(of, host)
  const { license, engines } = parent
  const manifest = {
    name,
    version: parent.version,
    description: `${nativeParts[of].what} of ${of} for ${host.os}-${host.cpu}`,
    keywords: ['native', 'prebuilt'],
    license,
    ...whereItIs(join(root, nativeParts[of].folder)),
    engines,
    os: [host.os],
    cpu: [host.cpu],
    ...(host.libc ? { libc: [host.libc] } : {}),
    // Read by people; npm looks at `libc` only.
    ...(needs === undefined ? {} : { glibc: `>=${needs}` }),
    files: [file],
    exports: { './package.json': './package.json', [`./${file}`]: `./${file}` },
    preferUnplugged: true,
    publishConfig: { access: 'public' },
  }
  const folder = mkdtempSync(join(tmpdir(), 'metal-fp4-platform-'))
  try {
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    writeFileSync(join(folder, 'README.md'), readme(name, of, host, file, needs))
    copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
    copyFileSync(join(root, nativeParts[of].folder, 'build/package', file), join(folder, file))
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', resolve(out)]
    const [{ filename }] = JSON.parse(
      execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    )
    return join(resolve(out), filename)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readme(name, of, host, file, needs) {
  const system = host.os === 'linux' ? `Linux with glibc ${needs} or newer` : 'macOS 14 or newer'
  const short = of.slice(of.indexOf('/') + 1)
  return `# ${name}

${nativeParts[of].what} of [\`${of}\`](https://www.npmjs.com/package/${of}) (\`${file}\`), prebuilt for ${system} on ${host.cpu}. It is an optional
dependency of that package, whose version it has: install \`${of}\`, and npm takes the package for your platform. The sources, and how to build them
yourself, are in ${short}.
`
}

/** Platform packages go first, so that whoever installs a package finds them. */
function publish(folder) {
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  const wanted = platforms.length * Object.keys(nativeParts).length
  if (tarballs.length !== wanted)
    throw new PlatformError(`expected ${wanted} tarballs in ${folder}, got ${tarballs.length}`)
  for (const name of tarballs) {
    const path = resolve(folder, name)
    const manifest = JSON.parse(execFileSync('tar', ['-xzOf', path, 'package/package.json'], { encoding: 'utf8' }))
    const id = `${manifest.name}@${manifest.version}`
    if (isPublished(manifest)) {
      console.log(`${id} is published`)
      continue
    }
    execFileSync('npm', ['publish', path, '--access', 'public'], { stdio: 'inherit' })
  }
}

function isPublished({ name, version }) {
  const args = ['view', `${name}@${version}`, 'version']
  const { status, stdout, stderr } = spawnSync('npm', args, { encoding: 'utf8' })
  if (status === 0) return stdout.trim() === version
  if (stderr.includes('E404')) return false
  throw new PlatformError(`expected the registry to answer, got ${stderr.trim().split('\n', 1)[0]}`)
}

/** The packages of the repository that a release would publish. */
function unpublished() {
  const manifests = ['packages', 'apps']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name, 'package.json')))
    .filter(existsSync)
    .map((path) => JSON.parse(readFileSync(path, 'utf8')))
  return manifests.filter((manifest) => manifest.private !== true && !isPublished(manifest))
}

function main(args) {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { out: { type: 'string', default: join(root, 'build/platform') }, glibc: { type: 'string' } },
  })
  const [command, folder, ...more] = positionals
  if (command === 'pack' && folder === undefined)
    return void packHost(values.out, values.glibc ? { glibc: values.glibc } : {})
  if (command === 'unpublished' && folder === undefined) {
    for (const { name, version } of unpublished()) console.log(`${name}@${version}`)
    return
  }
  if (command === 'publish' && folder !== undefined && more.length === 0) return publish(folder)
  throw new PlatformError(`expected 'pack', 'unpublished' or 'publish FOLDER', got '${positionals.join(' ')}'`)
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(argv.slice(2))
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error
    console.error(`platform: ${error.message}`)
    exit(1)
  }
}
