/**
 * Where the native part of a package is: built in the package's own folder, or in the prebuilt package for this platform,
 * `<package>-<os>-<cpu>`, an optional dependency of the published package.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NativeLoadError, type LoadAttempt } from './errors.js'
import { probe } from './probe.js'

export interface NativePart {
  /** The package that it belongs to: '@metal-fp4/kernels'. */
  readonly package: string
  /** The folder of that package: `new URL('..', import.meta.url)`. */
  readonly root: URL
  /** Where a build from source puts it, from that folder: 'build/lib/kernels.so'. The prebuilt package has the same file at its top. */
  readonly built: string
  /** What it is, for messages: 'CPU kernels'. */
  readonly what: string
}

/** `<os>-<cpu>` of the prebuilt packages; those of Linux need glibc. scripts/platforms.cjs of the repository makes them. */
export const prebuiltPlatforms: readonly string[] = ['linux-x64', 'linux-arm64', 'darwin-arm64']

/**
 * Gives the native part to `open`: the first candidate that is there, loads in a child process and does not make `open` throw.
 * Throws NativeLoadError with the platform, what was tried, why each failed, and what to do.
 */
export function openNativePart<T>(part: NativePart, open: (path: string) => T): T {
  const attempts: LoadAttempt[] = []
  for (const candidate of [inFolder, prebuilt]) {
    const { name, path, missing } = candidate(part)
    const refusal = path === undefined ? missing : probe(path)
    if (refusal === undefined && path !== undefined) {
      try {
        return open(path)
      } catch (error) {
        attempts.push({ path: name, cause: firstLine(error) })
      }
    } else {
      attempts.push({ path: name, cause: refusal ?? 'not there' })
    }
  }
  throw new NativeLoadError(message(part, attempts), platformName(), attempts)
}

interface Candidate {
  readonly name: string
  /** undefined: not there. */
  readonly path?: string
  readonly missing?: string
}

function inFolder(part: NativePart): Candidate {
  const path = join(fileURLToPath(part.root), part.built)
  return existsSync(path) ? { name: path, path } : { name: path, missing: 'not built there' }
}

function prebuilt(part: NativePart): Candidate {
  const name = prebuiltName(part)
  if (!prebuiltPlatforms.includes(platform())) return { name, missing: 'there is none for this platform' }
  const root = fileURLToPath(part.root)
  let manifest: string
  try {
    manifest = createRequire(join(root, 'package.json')).resolve(`${name}/package.json`)
  } catch {
    return { name, missing: 'not installed' }
  }
  const wanted = versionOf(join(root, 'package.json'), part.package)
  const got = versionOf(manifest, name)
  if (wanted !== undefined && got !== wanted) {
    return { name, missing: `version ${got ?? 'unknown'} is installed, and ${part.package} is ${wanted}` }
  }
  const path = join(manifest, '..', part.built.slice(part.built.lastIndexOf('/') + 1))
  return existsSync(path) ? { name: path, path } : { name: path, missing: 'the package is there, but not this file' }
}

function prebuiltName(part: NativePart): string {
  return `${part.package}-${platform()}`
}

/** The version in a package.json, if it is that of `name`: code that was bundled elsewhere sits beside another's. */
function versionOf(manifest: string, name: string): string | undefined {
  try {
    const read = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown; version?: unknown }
    return read.name === name && typeof read.version === 'string' ? read.version : undefined
  } catch {
    return undefined
  }
}

function platform(): string {
  return `${process.platform}-${process.arch}`
}

/** 'linux-x64 (glibc 2.36, Node v20.20.2)'. */
function platformName(): string {
  const node = `Node ${process.version}`
  return `${platform()} (${process.platform === 'linux' ? `${libc()}, ${node}` : node})`
}

function libc(): string {
  const { report } = process
  ;(report as { excludeNetwork?: boolean }).excludeNetwork = true // else it may look host names up
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return header?.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`
}

function message(part: NativePart, attempts: readonly LoadAttempt[]): string {
  const root = fileURLToPath(part.root)
  const version = versionOf(join(root, 'package.json'), part.package)
  const tried = attempts.map(({ path, cause }) => `\n  ${path}\n    ${cause}`).join('')
  const op = part.package.slice(part.package.indexOf('/') + 1)
  return `[${op}] expected the ${part.what} of ${part.package}${version ? ` ${version}` : ''} for ${platformName()}, got none that loads:${tried}
${fix(part, root, version)}`
}

function fix(part: NativePart, root: string, version: string | undefined): string {
  if (existsSync(join(root, 'tsup.config.ts'))) {
    return 'Build it: `npx -y pnpm@10 build` in the repository (it needs a C++20 compiler).'
  }
  const script = fileURLToPath(new URL('../scripts/build-from-source.mjs', import.meta.url))
  const folder = part.package === '@metal-fp4/metal-core' ? '' : ` ${quoted(root)}`
  const build = `it from source (it needs a C++20 compiler):\n  node ${quoted(script)}${folder}`
  if (!prebuiltPlatforms.includes(platform()) || (process.platform === 'linux' && libc() === 'musl')) {
    return `Prebuilt packages are for ${prebuiltPlatforms.join(', ')} (on Linux with glibc). Without one, @metal-fp4/fp4-quant works as it is, and so do \
the parts of @metal-fp4/dispatch that need no device (selectKernel, explain). For the rest, build ${build}`
  }
  return `Install the prebuilt package (npm leaves it out with --omit=optional, or with a lockfile made on another platform):
  npm install ${prebuiltName(part)}${version ? `@${version}` : ''}
or build ${build}`
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : JSON.stringify(path)
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]
}
