/** What makes pages out of the repository: code blocks, links, command lines, navigation. */
import { existsSync } from 'node:fs'
import { Command, Option } from 'commander'
import type { DefaultTheme } from 'vitepress'
import { describe, expect, test } from 'vitest'
import { nav, sidebar } from '../.vitepress/navigation.js'
import { codeBlocks, runnableBlocks } from '../../scripts/code-blocks.mjs'
import { commandPage, programOf } from '../scripts/cli-reference.js'
import { commands } from '../scripts/commands.js'
import { packages } from '../scripts/paths.js'
import { repositoryPages, rewriteLinks } from '../scripts/repository-pages.js'
import { repository } from './support/pages.js'

describe('codeBlocks', () => {
  test('finds fences of either mark, in lists and quotes, and nothing else', () => {
    const text = [
      '```ts',
      'a',
      '```',
      '',
      '- x',
      '',
      '  ~~~SH no-run [npm]',
      '  b',
      '  ~~~',
      '',
      '> ```',
      '> c',
      '> ```',
      '',
      '    d',
    ].join('\n')
    expect(codeBlocks(text)).toEqual([
      { language: 'ts', attributes: [], code: 'a\n', line: 2 },
      { language: 'sh', attributes: ['no-run', '[npm]'], code: 'b\n', line: 8 },
      { language: '', attributes: [], code: 'c\n', line: 12 },
    ])
  })

  test('a fence ends at one as long as itself', () => {
    expect(codeBlocks('````md\n```ts\na\n```\n````\n')).toEqual([
      { language: 'md', attributes: [], code: '```ts\na\n```\n', line: 2 },
    ])
  })

  test('what VitePress appends to a language is no part of it', () => {
    expect(
      codeBlocks('```ts{1,3} no-run\n```\n```js:line-numbers\n```').map(({ language, attributes }) => [
        language,
        ...attributes,
      ]),
    ).toEqual([
      ['ts', '{1,3}', 'no-run'],
      ['js', ':line-numbers'],
    ])
  })

  test('runnable are the languages that run, without no-run', () => {
    expect(runnableBlocks('```ts no-run\n```\n```cpp\n```\n```sh\nx\n```').map(({ language }) => language)).toEqual([
      'sh',
    ])
  })
})

describe('links of the repository', () => {
  test('become those of the site', () => {
    expect(rewriteLinks('[a](packages/kernels) [b](packages/kernels/docs/kernels.md#argmax)', 'README.md')).toBe(
      '[a](/packages/kernels) [b](/reference/kernels#argmax)',
    )
    expect(rewriteLinks('[a](../../ARCHITECTURE.md)', 'packages/kernels/README.md')).toBe('[a](/architecture)')
  })

  test('to files that are no pages become text; addresses, anchors and code stay', () => {
    expect(rewriteLinks('[the source](src)', 'packages/kernels/README.md')).toBe('the source')
    const same = '[a](https://example.com/x) [b](#c)\n```\n[d](e)\n```'
    expect(rewriteLinks(same, 'README.md')).toBe(same)
  })

  test('to nothing are an error that names both', () => {
    expect(() => rewriteLinks('[a](nowhere.md)', 'README.md')).toThrow(/README\.md.*nowhere\.md/)
  })
})

describe('the command-line reference', () => {
  test('is what commander knows: verbs, arguments, choices, defaults, examples', () => {
    const program = new Command('tool').description('A tool.')
    program
      .command('do')
      .description('does it')
      .argument('<file>', 'what to do it with')
      .addOption(new Option('--how <way>', 'in which way').choices(['fast', 'well']).default('well'))
      .option('--tag <name...>', 'a | b', [])
      .addHelpText('after', '\nExample:\n  tool do x')
    program.command('secret', { hidden: true })
    const page = commandPage({ name: 'tool', summary: 'does things', package: '@metal-fp4/bench' }, program)
    expect(page).toContain('## tool do\n\nDoes it.')
    expect(page).toContain('| `file` | what to do it with |')
    expect(page).toContain('| `--how <way>` | in which way (one of `fast`, `well`; default "well") |')
    expect(page).toContain('| `--tag <name...>` | a \\| b |')
    expect(page).toContain('```text\nExample:\n  tool do x\n```')
    expect(page).not.toContain('secret')
  })

  test('a program is found where it parses, and parsing works afterwards', async () => {
    const program = new Command('tool').option('-x')
    expect(await programOf(() => program.parseAsync([], { from: 'user' }))).toBe(program)
    program.parse(['-x'], { from: 'user' })
    expect(program.opts()).toEqual({ x: true })
    await expect(programOf(() => 1)).rejects.toThrow(/\[docs\] expected a command line/)
  })

  test.each(commands.map((command) => [command.name, command] as const))('%s has a page', async (name, command) => {
    const page = commandPage(command, await command.program())
    expect(page).toContain(`# ${name}\n`)
    expect(page).toMatch(/\| `-h, --help` \|/)
  })
})

test('every address of the navigation is a page', () => {
  const generated = new Set([
    ...repositoryPages.values(),
    ...commands.map(({ name }) => `/reference/cli/${name}`),
    ...packages.map(({ name }) => `/api/${name}/`),
    ...['/api/fp4-quant/parallel/', '/api/fp4-quant/safetensors/'],
    ...['/api/', '/reference/cli/', '/changelog', '/demo/'],
  ])
  const items = [...nav, ...Object.values(sidebar).flat()] as DefaultTheme.SidebarItem[]
  const links = items.flatMap(function linksOf(item: DefaultTheme.SidebarItem): string[] {
    return [...(item.link === undefined ? [] : [item.link]), ...(item.items ?? []).flatMap(linksOf)]
  })
  expect(links.length).toBeGreaterThan(40)
  expect(links.filter((link) => !generated.has(link) && !existsSync(`${repository}docs${link}.md`))).toEqual([])
  for (const [path, address] of repositoryPages) expect(existsSync(repository + path), address).toBe(true)
})
