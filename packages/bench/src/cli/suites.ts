/** Which suites a command line means. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail, messageOf } from '../errors.js'
import { type ContestSuite, isContest } from '../peers/contest.js'
import { type CountingSuite, type Suite, isCounting, isSuite } from '../suite.js'

export type AnySuite = Suite | CountingSuite | ContestSuite

/** The suites that modules export: any exported suite, or array of suites. */
export async function loadSuites(modules: readonly string[]): Promise<AnySuite[]> {
  const suites: AnySuite[] = []
  for (const name of modules) {
    const exported = await importModule(name)
    const found = Object.values(exported).flat().filter(isSuite)
    if (found.length === 0) {
      fail(
        '--suite',
        `${name} to export a suite`,
        `exports ${Object.keys(exported).join(', ') || 'none'}`,
        'Export what defineSuite gives.',
      )
    }
    // A suite that is exported by name and again in a list is one suite.
    for (const suite of new Set(found)) suites.push(suite)
  }
  return suites
}

async function importModule(name: string): Promise<Record<string, unknown>> {
  // A path is the user's, so relative to where the command was run; anything else is a package.
  const isPath = /^[./]|^[a-z]:/i.test(name)
  try {
    return (await import(isPath ? pathToFileURL(resolve(name)).href : name)) as Record<string, unknown>
  } catch (error) {
    return fail(
      '--suite',
      `a module at ${name}`,
      messageOf(error),
      'Pass a path that starts with ./ or the name of a package.',
    )
  }
}

/**
 * The named suites in the order named, all that are timed and want no name when none is named. With a peer: those that race it.
 * @throws BenchError
 */
export function selectSuites(
  suites: readonly AnySuite[],
  names: readonly string[],
  peer?: string,
): readonly AnySuite[] {
  const doubled = suites.find((suite, i) => suites.findIndex(({ name }) => name === suite.name) !== i)
  if (doubled) fail('bench', 'one suite of each name', `two named '${doubled.name}'`, 'Rename one of them.')
  if (suites.length === 0) fail('bench', 'a suite', 'none', 'Pass a module that exports one: --suite ./my-suite.mjs.')
  const contests = suites.filter(isContest)
  const able = peer === undefined ? suites : contests.filter((suite) => suite.peer === peer)
  if (peer !== undefined && able.length === 0) {
    const known = [...new Set(contests.map((suite) => suite.peer))].join(', ') || 'none'
    fail('--peer', `one of: ${known}`, `'${peer}'`, 'Pass a suite that races it: --suite ./my-suite.mjs.')
  }
  const known = able.map(({ name }) => name).join(', ') || 'none'
  if (names.length === 0) return able.filter((suite) => isUsual(suite) && (peer !== undefined || !isContest(suite)))
  return [...new Set(names)].map((wanted) => {
    const suite = able.find(({ name }) => name === wanted)
    if (suite === undefined) return fail('bench', `suites among: ${known}`, `'${wanted}'`, 'See --list.')
    if (peer === undefined && isContest(suite)) {
      fail(
        'bench',
        `--peer ${suite.peer} beside '${wanted}'`,
        'none',
        'It races a package that you install: see --help.',
      )
    }
    return suite
  })
}

/** Whether a run that names no suite has this one. */
function isUsual(suite: AnySuite): boolean {
  return !isCounting(suite) && !('onlyByName' in suite && suite.onlyByName)
}
