/**
 * Finds a peer where its user installed it. Peers are other projects' packages that a benchmark runs beside ours; nothing here
 * depends on one.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail, messageOf } from '../errors.js'

export interface Peer {
  /** The package's name. */
  readonly name: string
  readonly version: string
  /** URL of the module that `import(name)` would load there. */
  readonly entry: string
}

/** "node-llama-cpp", or "node-llama-cpp=../elsewhere" for a folder that it was installed in. */
export interface PeerRequest {
  readonly name: string
  readonly folder?: string
}

/** Reads the value of --peer. @throws BenchError */
export function parsePeer(text: string): PeerRequest {
  const [name, ...rest] = text.split('=')
  const folder = rest.join('=')
  if (!/^(@[\w.-]+\/)?[\w.-]+$/.test(name) || (rest.length > 0 && folder === '')) {
    fail('--peer', 'the name of a package, or NAME=FOLDER', `'${text}'`, 'For example node-llama-cpp=../peers.')
  }
  return folder === '' ? { name } : { name, folder }
}

/** The package from the folder given or the current one, upwards. @throws BenchError with the command that installs it. */
export function resolvePeer({ name, folder = '.' }: PeerRequest): Peer {
  const start = resolve(folder)
  for (let at = start; ; at = dirname(at)) {
    const found = [join(at, 'node_modules', name), at].find((place) => nameIn(place) === name)
    if (found !== undefined) return describePeer(name, found)
    if (dirname(at) === at) break
  }
  return fail(
    '--peer',
    `the package '${name}' in ${start} or above it`,
    'none',
    `Install it in a folder of your own (npm install ${name}) and name that: --peer ${name}=FOLDER.`,
  )
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly main?: string
  readonly module?: string
  readonly exports?: unknown
}

function nameIn(folder: string): string | undefined {
  return existsSync(join(folder, 'package.json')) ? readManifest(folder).name : undefined
}

function readManifest(folder: string): Manifest {
  const path = join(folder, 'package.json')
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest
  } catch (error) {
    return fail('--peer', `JSON in ${path}`, messageOf(error), 'Install the package again.')
  }
}

function describePeer(name: string, folder: string): Peer {
  const { version = '0.0.0', exports, module, main = 'index.js' } = readManifest(folder)
  const path = join(folder, entryOf(exports) ?? module ?? main)
  if (!existsSync(path)) fail('--peer', `${name}'s module at ${path}`, 'none', 'Install the package again.')
  return { name, version, entry: pathToFileURL(path).href }
}

/** What `import` of the package itself means: the first of the conditions that Node has, at any depth. */
function entryOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports
  if (typeof exports !== 'object' || exports === null) return undefined
  const conditions = exports as Readonly<Record<string, unknown>>
  if ('.' in conditions) return entryOf(conditions['.'])
  const key = Object.keys(conditions).find((one) => ['node', 'import', 'default'].includes(one))
  return key === undefined ? undefined : entryOf(conditions[key])
}
