/**
 * Whether a native file can be opened, tried in a child process: one that crashes while it is loaded (a bad download, an instruction
 * that the processor lacks) must not take this process with it.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'

/** Why the process must not open the file; undefined when nothing speaks against it. */
export type Refusal = string | undefined

/** A file that takes longer to open than this, with the start of Node, hangs. */
const timeoutMs = 10_000
/** Set in the child, so that one that is not Node but the application itself starts no child of its own. */
const inProbe = 'METAL_FP4_PROBE'

// Opens what is an addon and what is not: the latter fails after it was opened, since it does not register itself. Without the first
// line no script ran, and what became of the process says nothing about the file.
const script = `
const say = (what) => require('node:fs').writeSync(1, '\\nmetal-fp4 ' + what + '\\n')
say('probing')
let outcome = 'loaded'
try {
  process.dlopen({ exports: {} }, process.argv[1])
} catch (error) {
  if (!/self-register/.test(error.message)) outcome = 'refused ' + error.message
}
say(outcome)`

const known = new Map<string, Refusal>()

/**
 * Costs a start of Node for a file that was not opened on this machine before, and three system calls after that: what could be
 * opened is remembered in the user's cache folder, by path, size and times. Where no child can be started nothing is refused.
 */
export function probe(path: string): Refusal {
  const identity = identityOf(path)
  if (identity === undefined || process.env[inProbe] !== undefined) return undefined
  const key = `${path}\n${identity}`
  if (known.has(key)) return known.get(key)
  const note = noteOf(path)
  if (note !== undefined && read(note) === identity) return undefined
  const { outcome, refusal } = tryInChild(path)
  known.set(key, refusal)
  if (outcome === 'loaded' && note !== undefined) write(note, identity)
  return refusal
}

function tryInChild(path: string): { outcome: 'loaded' | 'other'; refusal: Refusal } {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...env } = process.env
  try {
    if (isApplication()) return { outcome: 'other', refusal: undefined }
    const child = spawnSync(process.execPath, ['-e', script, path], {
      encoding: 'utf8',
      env: { ...env, [inProbe]: '1', ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      windowsHide: true,
    })
    if (!/^metal-fp4 probing$/m.test(child.stdout)) return { outcome: 'other', refusal: undefined }
    if ((child.error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') {
      return { outcome: 'other', refusal: `a process that opened it was still at it after ${timeoutMs / 1000} s` }
    }
    if (/^metal-fp4 loaded$/m.test(child.stdout)) return { outcome: 'loaded', refusal: undefined }
    const cause = /^metal-fp4 refused (.+)$/m.exec(child.stdout)
    if (cause) return { outcome: 'other', refusal: cause[1] }
    // Windows has no signals: a crash ends with an NTSTATUS of severity 'error'.
    const crash = child.signal ?? ((child.status ?? 0) >>> 0 >= 0xc0000000 ? `status ${child.status}` : undefined)
    return { outcome: 'other', refusal: crash && `a process that opened it was ended by ${crash}${meaning(crash)}` }
  } catch {
    return { outcome: 'other', refusal: undefined } // no children allowed here
  }
}

/** Whether this executable is not Node but an application made with it, of which a child process would be a second copy. */
function isApplication(): boolean {
  // Electron need not let itself run as Node (its fuse RunAsNode), unless it does so now.
  if (process.versions.electron !== undefined) return process.env.ELECTRON_RUN_AS_NODE === undefined
  return 'pkg' in process || process.getBuiltinModule('node:sea').isSea()
}

function meaning(signal: string): string {
  if (signal === 'SIGILL') return ': it uses instructions that this processor does not have'
  return signal === 'SIGSEGV' || signal === 'SIGBUS' ? ': the file is damaged, or made for another system' : ''
}

/** What a file is, as far as can be told without reading it; undefined when it is not there. */
function identityOf(path: string): string | undefined {
  try {
    const { size, ino, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    return [size, ino, mtimeNs, ctimeNs, process.version, process.arch, hostname()].join(' ')
  } catch {
    return undefined
  }
}

/** Where success with a file is noted; undefined without a home. */
function noteOf(path: string): string | undefined {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32)
  try {
    return join(cacheFolder(), 'metal-fp4', 'opened', name)
  } catch {
    return undefined
  }
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (XDG_CACHE_HOME) return XDG_CACHE_HOME
  if (process.platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA
  return join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache')
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Whole or not at all; a cache that cannot be written to costs the next process its probe. */
function write(file: string, text: string): void {
  try {
    // One by one: mkdir with `recursive` never returns where the system says ENOENT for a folder that it does not let one make (/proc).
    for (const folder of [join(file, '../../..'), join(file, '../..'), join(file, '..')]) {
      if (!existsSync(folder)) mkdirSync(folder)
    }
    writeFileSync(`${file}.${process.pid}`, text)
    renameSync(`${file}.${process.pid}`, file)
  } catch {
    // as said
  }
}
