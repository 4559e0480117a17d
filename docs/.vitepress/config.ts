/** The site: `pnpm --filter @metal-fp4/docs build` writes it to `docs/dist`. */
import { fileURLToPath } from 'node:url'
import { type MarkdownOptions, type UserConfig, defineConfig } from 'vitepress'
import { nav, sidebar } from './navigation.js'

const folder = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** Pages are text: two braces in a README are two braces, and no expression of Vue's. */
const keepBraces: NonNullable<MarkdownOptions['config']> = ({ renderer: { rules } }) => {
  for (const name of ['text', 'code_inline'] as const) {
    const render = rules[name]
    rules[name] = (...args) => (render?.(...args) ?? '').replaceAll('{{', '&#123;&#123;')
  }
}

const config: UserConfig = defineConfig({
  lang: 'en',
  title: 'metal-fp4',
  description:
    'FP4 language-model decoding for Node.js: formats, kernels, devices, and measurements against the memory roof',
  // The path that the site is served under: '/metal-fp4/', for example.
  base: process.env.DOCS_BASE ?? '/',
  outDir: './dist',
  cleanUrls: true,
  lastUpdated: false,
  ignoreDeadLinks: false,
  srcExclude: ['README.md', 'test/**', 'dist/**'],
  rewrites: (page) => page.replace(/^build\/pages\//, ''),
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${process.env.DOCS_BASE ?? '/'}favicon.svg` }]],
  markdown: {
    theme: { light: 'github-light', dark: 'github-dark' },
    languageAlias: { metal: 'cpp' },
    config: keepBraces,
  },
  themeConfig: {
    nav,
    sidebar,
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      // Pages that explain come before pages that list.
      options: {
        detailedView: false,
        miniSearch: { searchOptions: { boostDocument: (id: string) => (id.includes('/api/') ? 0.4 : 1) } },
      },
    },
    docFooter: { prev: 'Before', next: 'Next' },
  },
  vite: {
    publicDir: folder('build/public'),
    build: { chunkSizeWarningLimit: 4096 },
  },
})
export default config
