/** The changelog page: what changesets wrote into the packages, and the notes of changes that are not released yet. */
import { existsSync } from 'node:fs'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { packages, pages, repository } from './paths.js'

export async function writeChangelog(): Promise<void> {
  const parts = ['---\noutline: [2, 3]\n---\n\n# Changelog\n', 'Packages are versioned independently.\n']
  const pending = await notes()
  if (pending.length > 0) {
    parts.push('## Not released yet\n')
    for (const { names, text } of pending) parts.push(`${names.map((name) => `\`${name}\``).join(' ')}\n\n${text}\n`)
  }
  for (const { name, folder } of packages) {
    const file = `${repository}${folder}/CHANGELOG.md`
    if (!existsSync(file)) continue
    const text = (await readFile(file, 'utf8')).replace(/^# .*\n/, '').replaceAll(/^#/gm, '##')
    parts.push(`## ${name}\n\n${text}\n`)
  }
  await writeFile(`${pages}changelog.md`, parts.join('\n'))
}

interface Note {
  readonly names: readonly string[]
  readonly text: string
}

async function notes(): Promise<Note[]> {
  const folder = `${repository}.changeset/`
  const files = (await readdir(folder)).filter((file) => file.endsWith('.md') && file !== 'README.md').sort()
  const texts = await Promise.all(files.map((file) => readFile(folder + file, 'utf8')))
  return texts.flatMap((content) => {
    const match = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(content)
    if (!match) return []
    const names = [...match[1].matchAll(/['"]([^'"]+)['"]\s*:/g)].map((found) => found[1].replace('@metal-fp4/', ''))
    return [{ names, text: match[2].trim() }]
  })
}
