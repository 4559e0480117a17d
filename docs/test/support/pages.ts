/** Pages, and the blocks in them that are code to run. */
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { packages } from '../../scripts/paths.js'
import { type CodeBlock, codeBlocks, runnableLanguages } from '../../../scripts/code-blocks.mjs'

export const repository: string = fileURLToPath(new URL('../../../', import.meta.url))

export interface RunnableBlock extends CodeBlock {
  /** What it prints: the block `text output` right behind it. */
  readonly output: string | undefined
}

/** Pages that are written in `docs`, as paths from the root of the repository. */
export function sitePages(): string[] {
  const generated = /^(?:build|dist|node_modules|\.vitepress)\//
  return readdirSync(`${repository}docs`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !generated.test(path))
    .map((path) => `docs/${path}`)
    .sort()
}

/** The READMEs of the packages. */
export function packageReadmes(): string[] {
  return packages.map(({ folder }) => `${folder}/README.md`)
}

export function blocksOf(page: string): RunnableBlock[] {
  const blocks = codeBlocks(readFileSync(repository + page, 'utf8'))
  return blocks.flatMap((block, at) => {
    if (!runnableLanguages.includes(block.language) || block.attributes.includes('no-run')) return []
    const next = blocks[at + 1] as CodeBlock | undefined
    const output = next?.language === 'text' && next.attributes.includes('output') ? next.code : undefined
    return [{ ...block, output }]
  })
}
