/** Pages that are files of the repository: READMEs, ARCHITECTURE.md, generated references. Their links become the site's. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, posix } from 'node:path'
import { packages, pages, repository } from './paths.js'

/** Repository path → address in the site. A folder stands for its README. */
export const repositoryPages: ReadonlyMap<string, string> = new Map([
  ['README.md', '/start'],
  ['ARCHITECTURE.md', '/architecture'],
  ['CONTRIBUTING.md', '/contributing'],
  ['SECURITY.md', '/security'],
  ['packages/kernels/docs/kernels.md', '/reference/kernels'],
  ['packages/kernels/docs/gpu-proof.md', '/reference/gpu-proof'],
  ['packages/metal-sim/docs/third-party.md', '/reference/third-party-kernels'],
  ['packages/metal-sim/runtime/PROTOCOL.md', '/reference/metal-sim-protocol'],
  ['apps/e2e-decode/models/stories/README.md', '/reference/stories-model'],
  ...packages.map(({ name, folder }): [string, string] => [`${folder}/README.md`, `/packages/${name}`]),
])

export async function writeRepositoryPages(): Promise<void> {
  for (const [path, address] of repositoryPages) {
    if (!existsSync(repository + path)) continue
    const text = rewriteLinks(await readFile(repository + path, 'utf8'), path)
    const file = `${pages}${address.slice(1)}.md`
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

/**
 * The text of a file of the repository with its relative links turned into the site's: pages where there is one, plain text
 * where a link leads to a file that is not part of the site. Links to what does not exist are an error.
 */
export function rewriteLinks(markdown: string, path: string): string {
  let fence = ''
  const lines: string[] = []
  for (const line of markdown.split('\n')) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1] ?? ''
    const inside = fence !== ''
    if (mark !== '' && !inside) fence = mark
    else if (mark !== '' && mark.startsWith(fence)) fence = ''
    lines.push(inside || mark !== '' ? line : line.replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, rewrite))
  }
  return lines.join('\n')

  function rewrite(link: string, text: string, target: string): string {
    if (/^(?:[a-z]+:|#|\/)/i.test(target)) return link
    const [file, ...anchor] = target.split('#')
    const found = posix.join(posix.dirname(path), file).replace(/\/$/, '')
    if (!existsSync(repository + found)) {
      throw new Error(`[docs] expected ${path} to link to files that exist, got '${target}'. Correct the link.`)
    }
    const address = repositoryPages.get(found) ?? repositoryPages.get(`${found}/README.md`)
    if (address === undefined) return text
    return `[${text}](${address}${anchor.map((part) => `#${part}`).join('')})`
  }
}
