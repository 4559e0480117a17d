/** The bar on top, and the sidebar of every section. */
import type { DefaultTheme } from 'vitepress'
import { packages } from '../scripts/paths.js'

const names = packages.map(({ name }) => name)
/** With the entries of a package after it. */
const modules = names.flatMap((name) =>
  name === 'fp4-quant' ? [name, 'fp4-quant/parallel', 'fp4-quant/safetensors'] : [name],
)

const guide: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [
      { text: 'Overview', link: '/start' },
      { text: 'Demo in the browser', link: '/guide/demo' },
    ],
  },
  { text: 'Getting started', items: names.map((name) => ({ text: name, link: `/guide/${name}` })) },
  {
    text: 'Concepts',
    items: [
      { text: 'M-aware dispatch', link: '/concepts/m-aware-dispatch' },
      { text: 'Formats', link: '/concepts/formats' },
      { text: 'Packing order', link: '/concepts/packing-order' },
      { text: 'Roofline', link: '/concepts/roofline' },
      { text: 'Batch-exactness', link: '/concepts/batch-exactness' },
      { text: 'Devices', link: '/concepts/devices' },
    ],
  },
  {
    text: 'How to',
    items: [
      { text: 'Add a kernel', link: '/how-to/add-a-kernel' },
      { text: 'Add a format', link: '/how-to/add-a-format' },
      { text: 'Add a device', link: '/how-to/add-a-device' },
    ],
  },
  {
    text: 'The project',
    items: [
      { text: 'Architecture', link: '/architecture' },
      { text: 'Contributing', link: '/contributing' },
      { text: 'Security', link: '/security' },
      { text: 'Changelog', link: '/changelog' },
    ],
  },
]

const reference: DefaultTheme.SidebarItem[] = [
  { text: 'Packages', items: names.map((name) => ({ text: name, link: `/packages/${name}` })) },
  {
    text: 'API',
    items: [{ text: 'All modules', link: '/api/' }, ...modules.map((name) => ({ text: name, link: `/api/${name}/` }))],
  },
  {
    text: 'Command line',
    items: [
      { text: 'All commands', link: '/reference/cli/' },
      ...['fp4-decode', 'fp4-bench', 'fp4-quant', 'metal-sim'].map((name) => ({
        text: name,
        link: `/reference/cli/${name}`,
      })),
    ],
  },
  {
    text: 'Kernels',
    items: [
      { text: 'Kernel reference', link: '/reference/kernels' },
      { text: 'GPU proof', link: '/reference/gpu-proof' },
      { text: 'Kernels that others wrote', link: '/reference/third-party-kernels' },
    ],
  },
  {
    text: 'More',
    items: [
      { text: 'Protocol of metal-sim', link: '/reference/metal-sim-protocol' },
      { text: 'The stories model', link: '/reference/stories-model' },
    ],
  },
]

export const nav: DefaultTheme.NavItem[] = [
  { text: 'Guide', link: '/start', activeMatch: '^/(start|guide|concepts|how-to)' },
  { text: 'Packages', link: '/packages/fp4-quant', activeMatch: '^/packages/' },
  { text: 'API', link: '/api/', activeMatch: '^/api/' },
  { text: 'Command line', link: '/reference/cli/', activeMatch: '^/reference/cli/' },
  { text: 'Kernels', link: '/reference/kernels', activeMatch: '^/reference/(kernels|gpu|third)' },
  { text: 'Demo', link: '/demo/', target: '_self' },
]

export const sidebar: DefaultTheme.SidebarMulti = {
  '/packages/': reference,
  '/api/': reference,
  '/reference/': reference,
  '/': guide,
}
