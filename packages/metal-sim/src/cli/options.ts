import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { CompileOptions } from '../compile/options.js'
import type { Mode } from '../compile/build-flags.js'
import { UsageError } from './values.js'

/** What both commands take. */
export interface SourceOptions {
  readonly include: readonly string[]
  readonly define: readonly string[]
  readonly allow: readonly string[]
  readonly clang?: string
  readonly json?: true
}

/** For options that may be given several times. */
export const collect = (value: string, before: readonly string[]): string[] => [...before, value]

export const addSourceOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('-I, --include <folder>', 'folder for #include (again for more)').argParser(collect).default([]),
    )
    .addOption(new Option('-D, --define <name[=value]>', 'macro (again for more)').argParser(collect).default([]))
    .addOption(
      new Option('--allow <rule>', 'a rule that is only warned of, such as recursion (again for more)')
        .argParser(collect)
        .default([]),
    )
    .option('--clang <path>', 'the clang++ to use: 19 or newer')
    .option('--json', 'the result as JSON')

/** A file that was named on the command line. */
export const readInput = async (file: string): Promise<Buffer> => {
  try {
    return await readFile(file)
  } catch (error) {
    throw new UsageError(`[metal-sim] expected a file at ${file}, got ${reasonOf(error)}. Check the path.`)
  }
}

const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'none'
  return code === 'EISDIR' ? 'a folder' : message
}

/** A source and how to compile it: its own folder is searched for #include "…". */
export const readSource = async (
  file: string,
  options: SourceOptions,
  mode: Mode,
): Promise<{ source: string; options: CompileOptions }> => ({
  source: (await readInput(file)).toString('utf8'),
  options: {
    name: file,
    mode,
    includeDirectories: [dirname(resolve(file)), ...options.include.map((folder) => resolve(folder))],
    defines: Object.fromEntries(
      options.define.map((text): [string, string | boolean] => {
        const equals = text.indexOf('=')
        return equals < 0 ? [text, true] : [text.slice(0, equals), text.slice(equals + 1)]
      }),
    ),
    allow: options.allow,
    ...(options.clang === undefined ? {} : { clang: options.clang }),
  },
})
