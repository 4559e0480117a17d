/** Where things are: the repository, what the site is built from, and what is generated for it. */
import { fileURLToPath } from 'node:url'

export const repository: string = fileURLToPath(new URL('../../', import.meta.url))
export const docs: string = fileURLToPath(new URL('../', import.meta.url))

/** Generated pages; `rewrites` of the site's configuration takes `build/pages/` off their addresses. Not committed. */
export const pages: string = `${docs}build/pages/`

/** Generated data that components import. Not committed. */
export const data: string = `${docs}build/data/`

/** Files that are served as they are. Not committed: the generator copies `docs/static` and the demo into it. */
export const publicFolder: string = `${docs}build/public/`

export interface Package {
  /** Its word in addresses and in the sidebar. */
  readonly name: string
  readonly folder: string
}

/** In the order in which data flows through them, and in which the sidebar lists them. */
export const packages: readonly Package[] = [
  { name: 'fp4-quant', folder: 'packages/fp4-quant' },
  { name: 'metal-core', folder: 'packages/metal-core' },
  { name: 'kernels', folder: 'packages/kernels' },
  { name: 'dispatch', folder: 'packages/dispatch' },
  { name: 'bench', folder: 'packages/bench' },
  { name: 'metal-sim', folder: 'packages/metal-sim' },
  { name: 'e2e-decode', folder: 'apps/e2e-decode' },
]
