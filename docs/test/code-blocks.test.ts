/** Every code block of the site runs: TypeScript and JavaScript as modules of their own, shell lines with the commands of the packages. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { clangAvailable } from '@metal-fp4/metal-sim'
import { afterAll, describe, expect, test } from 'vitest'
import { codeBlocks } from '../../scripts/code-blocks.mjs'
import { type RunnableBlock, blocksOf, packageReadmes, repository, sitePages } from './support/pages.js'
import { type Module, typeErrors } from './support/types.js'

const docs = join(repository, 'docs')
/** Inside `docs`, so that imports find what the site depends on, and out of git's sight. */
const folder = join(docs, 'node_modules', '.cache', `code-blocks-${process.pid}`)
mkdirSync(folder, { recursive: true })
const elsewhere = mkdtempSync(join(tmpdir(), 'metal-fp4-blocks-'))
afterAll(() => {
  for (const path of [folder, elsewhere]) rmSync(path, { recursive: true, force: true })
})

const pages = ['README.md', ...sitePages()].map((page) => ({ page, blocks: blocksOf(page) }))
const withBlocks = pages.filter(({ blocks }) => blocks.length > 0)
const extensions: Readonly<Record<string, string>> = { ts: 'mts', js: 'mjs', mjs: 'mjs', cjs: 'cjs' }
const missing: Readonly<Record<string, boolean>> = { clang: !(await clangAvailable()) }

describe.each(withBlocks)('$page', ({ page, blocks }) => {
  test.concurrent.for(blocks)('block at line $line', { timeout: 120_000 }, async (block, { skip }) => {
    const needed = block.attributes.find((word) => word.startsWith('needs='))?.slice('needs='.length)
    if (needed !== undefined) skip(missing[needed], `${needed} is not installed`)
    const { stdout, stderr, status } = block.language === 'sh' ? await runShell(block) : await runModule(page, block)
    expect(status, stderr).toBe(0)
    if (block.output !== undefined) expect(stdout.trimEnd()).toBe(block.output.trimEnd())
  })
})

// The examples of the packages' own READMEs run from the installed tarballs, in another test; their types are looked at here.
test('TypeScript blocks are well typed', () => {
  const readmes = packageReadmes().map((page) => ({ page, blocks: blocksOf(page) }))
  const modules = [...withBlocks, ...readmes].flatMap(({ page, blocks }) =>
    blocks
      .filter(({ language }) => language === 'ts')
      .map(({ code, line }): Module => ({
        page,
        file: moduleFile(page, line, 'ts'),
        code: `${code}export {}\n`,
        line,
      })),
  )
  expect(modules.length).toBeGreaterThan(20)
  expect([...typeErrors(modules)].map(([{ page }, messages]) => ({ page, messages }))).toEqual([])
})

test('words in info strings are known ones', () => {
  const known = /^(?:no-run|output|needs=clang|file=\S+|\[.*\])$/
  const unknown = ['README.md', ...sitePages()].flatMap((page) =>
    codeBlocks(readFileSync(repository + page, 'utf8')).flatMap(({ attributes }) =>
      attributes.filter((word) => !known.test(word)),
    ),
  )
  expect(unknown).toEqual([])
})

function moduleFile(page: string, line: number, language: string): string {
  return join(folder, `${page.replaceAll(/\W+/g, '-')}-${line}.${extensions[language]}`)
}

interface Result {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

function runModule(page: string, { language, code, line }: RunnableBlock): Promise<Result> {
  const file = moduleFile(page, line, language)
  writeFileSync(file, code)
  const tsx = import.meta.resolve('tsx')
  return run(process.execPath, ['--conditions=@metal-fp4/source', '--import', tsx, file], docs)
}

/** Commands are those of the packages as they were built; what they write goes to a folder of its own. */
function runShell({ code }: RunnableBlock): Promise<Result> {
  return run('sh', ['-euc', code], mkdtempSync(join(elsewhere, 'shell-')))
}

function run(command: string, args: readonly string[], cwd: string): Promise<Result> {
  const bin = join(docs, 'node_modules', '.bin')
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`, NO_COLOR: '1' }
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, timeout: 100_000 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ stdout, stderr, status })
    })
  })
}
