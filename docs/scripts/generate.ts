/** Writes what the site takes from the rest of the repository into `docs/build`: `pnpm --filter @metal-fp4/docs generate`. */
import { cp, mkdir, rm } from 'node:fs/promises'
import { buildDemo } from '../../packages/fp4-quant/demo/build.mjs'
import { writeApiReference } from './api-reference.js'
import { writeChangelog } from './changelog.js'
import { writeCliReference } from './cli-reference.js'
import { commands } from './commands.js'
import { data, docs, pages, publicFolder } from './paths.js'
import { writeRepositoryPages } from './repository-pages.js'
import { writeSelection } from './selection-data.js'

await rm(`${docs}build`, { recursive: true, force: true })
await Promise.all([pages, data, publicFolder].map((folder) => mkdir(folder, { recursive: true })))
await cp(`${docs}static`, publicFolder, { recursive: true })
await writeRepositoryPages()
await writeChangelog()
await writeSelection()
await writeCliReference(commands)
await writeApiReference()
await buildDemo(`${publicFolder}demo`)
