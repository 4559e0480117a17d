/** How a report was made: flags, commit and versions. Nothing here names a user, a path or a host. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { RunDescription } from './rows.js'

/** `versions`: of what the caller runs besides this package. */
export function describeRun(argv: readonly string[], versions: Readonly<Record<string, string>> = {}): RunDescription {
  return {
    arguments: argv.map(withoutFolders),
    commit: commit(),
    versions: { '@metal-fp4/bench': ownVersion(), ...versions },
  }
}

/** Where the user keeps files is nobody's business: of a path only the last part is kept. */
function withoutFolders(argument: string): string {
  return argument.replace(/(^|=)(?:[a-z]:)?(?:[^=\s]*[\\/])+([^\\/=]*)$/i, '$1$2')
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
