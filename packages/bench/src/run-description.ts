/** How a report was made: flags, commit and versions. Nothing here names a user, a path or a host. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { win32 } from 'node:path'
import type { RunDescription } from './rows.js'

/** `versions`: of what the caller runs besides this package. */
export function describeRun(argv: readonly string[], versions: Readonly<Record<string, string>> = {}): RunDescription {
  return {
    arguments: argv.map((argument, i) => withoutFolders(argument, argv[i - 1])),
    commit: commit(),
    versions: { '@metal-fp4/bench': ownVersion(), ...versions },
  }
}

/** Where the user keeps files is nobody's business: of a path only the last part is kept, of a folder nothing. */
function withoutFolders(argument: string, previous: string | undefined): string {
  if (!argument.startsWith('--')) return valueWithoutFolders(argument, previous)
  const [flag, value] = cut(argument)
  return value === undefined ? flag : `${flag}=${valueWithoutFolders(value, flag)}`
}

function valueWithoutFolders(value: string, flag: string | undefined): string {
  if (flag === '--cache') return 'FOLDER'
  if (flag === '--peer') {
    const [name, folder] = cut(value)
    return folder === undefined ? name : `${name}=FOLDER`
  }
  // The basename of Windows takes both separators.
  return /[\\/]/.test(value) ? win32.basename(value) : value
}

/** Before the first '=' and after it. */
function cut(text: string): [string, string | undefined] {
  const at = text.indexOf('=')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** The commit that the current folder is at; null when it is no repository, or there is no git. */
function commit(): string | null {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 }).trim()
  try {
    const head = git('rev-parse', 'HEAD')
    return git('status', '--porcelain', '--untracked-files=no') === '' ? head : `${head}+`
  } catch {
    return null
  }
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
