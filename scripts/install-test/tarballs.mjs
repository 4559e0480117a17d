// The packages as they would be published, and what must be true of each tarball.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hostPlatform, packHost } from '../platform.mjs'
import { nativeParts, platformPackage, platforms } from '../platforms.cjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The folders of the packages that are published. */
export function publishedFolders() {
  return ['packages', 'apps']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
    .filter((folder) => {
      try {
        return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).private !== true
      } catch {
        return false
      }
    })
}

/** Packs every package, and the prebuilt ones of this host; those of other hosts come without a tarball. */
export function packAll(out, log) {
  mkdirSync(out, { recursive: true })
  const packed = publishedFolders().map((folder) => {
    log(`packing ${relative(root, folder)}`)
    const lines = execFileSync('pnpm', ['pack', '--json', '--pack-destination', out], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const path = JSON.parse(lines).filename
    return { folder, path, manifest: manifestOf(path) }
  })
  const host = hostPlatform()
  const prebuilt = packHost(out, { log }).map((path) => ({ path, manifest: manifestOf(path) }))
  const others = platforms
    .filter((platform) => platform !== host)
    .flatMap((platform) =>
      Object.keys(nativeParts).map((name) => {
        const { version } = packed.find(({ manifest }) => manifest.name === name).manifest
        const { os, cpu, libc } = platform
        return {
          manifest: {
            name: platformPackage(name, platform),
            version,
            os: [os],
            cpu: [cpu],
            ...(libc ? { libc: [libc] } : {}),
          },
        }
      }),
    )
  return { packed, prebuilt, others }
}

function manifestOf(path) {
  return JSON.parse(execFileSync('tar', ['-xzOf', path, 'package/package.json'], { encoding: 'utf8' }))
}

/** What is wrong with a tarball: sentences. */
export function faultsOf({ path, manifest }) {
  const faults = []
  const files = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).trim().split('\n')
  for (const wanted of ['LICENSE', 'README.md', 'package.json']) {
    if (!files.includes(`package/${wanted}`)) faults.push(`${wanted} is missing`)
  }
  for (const file of files) {
    if (/\/tests?\/|\.test\.|\/node_modules\/|\.tsbuildinfo$|\/\.turbo\//.test(file))
      faults.push(`${file} does not belong there`)
  }
  for (const field of ['description', 'license', 'repository', 'homepage', 'bugs', 'keywords', 'engines', 'files']) {
    if (manifest[field] === undefined) faults.push(`package.json has no ${field}`)
  }
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
    for (const [name, range] of Object.entries(manifest[kind] ?? {})) {
      if (/^(workspace|catalog|file|link):/.test(range)) faults.push(`${kind}: ${name} is ${range}`)
    }
  }
  // Everything at once: a path of this machine in a binary, a source map or a declaration.
  const bytes = execFileSync('tar', ['-xzOf', path], { encoding: 'latin1', maxBuffer: 1 << 30 })
  for (const folder of new Set([root, root.replace(/\/$/, ''), `${homedir()}/`])) {
    if (folder.length > 2 && bytes.includes(folder)) faults.push(`a file names the path ${folder}`)
  }
  const maps = files.filter((file) => file.endsWith('.map'))
  for (const file of maps) {
    const { sources } = JSON.parse(execFileSync('tar', ['-xzOf', path, file], { encoding: 'utf8', maxBuffer: 1 << 28 }))
    if (sources.some((source) => source.startsWith('/') || source.includes('://')))
      faults.push(`${file} has absolute sources`)
  }
  return faults
}
