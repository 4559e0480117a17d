// Pictures of the main pages in Chromium, light and dark, wide and narrow: `node docs/scripts/screenshots.mjs FOLDER [part of a name…]`.
// The site has to be built. For people who look; nothing compares them.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { launchChromium } from '../../scripts/chromium.mjs'
import { serveFolder } from '../../packages/fp4-quant/demo/serve.mjs'

const [folder, ...wanted] = process.argv.slice(2)
if (folder === undefined) {
  console.error(
    '[screenshots] expected a folder, got nothing. node docs/scripts/screenshots.mjs FOLDER [part of a name…]',
  )
  process.exit(2)
}

/** Name → path, and what to do before the picture is taken. */
const pages = {
  home: { full: true, path: '/' },
  start: { path: '/start' },
  concept: { full: true, path: '/concepts/m-aware-dispatch' },
  formats: { full: true, path: '/concepts/formats' },
  packing: { full: true, path: '/concepts/packing-order' },
  roofline: { full: true, path: '/concepts/roofline' },
  batch: { full: true, path: '/concepts/batch-exactness' },
  guide: { path: '/guide/fp4-quant' },
  api: { path: '/api/fp4-quant/functions/quantize' },
  'api-class': { path: '/api/metal-core/classes/Device' },
  'api-index': { path: '/api/' },
  cli: { path: '/reference/cli/fp4-decode' },
  kernels: { path: '/reference/kernels' },
  'how-to': { path: '/how-to/add-a-kernel' },
  demo: { full: true, path: '/demo/index.html' },
  'demo-result': { full: true, path: '/demo/index.html', act: packSample },
}
const views = { wide: { width: 1280, height: 900 }, narrow: { width: 390, height: 844 } }

await mkdir(folder, { recursive: true })
const server = await serveFolder(fileURLToPath(new URL('../dist', import.meta.url)))
const browser = await launchChromium({ onSkip: (reason) => console.error(reason) })
if (browser === null) process.exit(1)
try {
  for (const [name, { path, act, full = false }] of Object.entries(pages)) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue
    for (const scheme of ['light', 'dark']) {
      for (const [view, viewport] of Object.entries(views)) {
        const page = await browser.newPage()
        await page.setViewport(viewport)
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
        page.on('pageerror', (error) => console.error(`${name}: ${error}`))
        page.on('requestfailed', (request) => console.error(`${name}: ${request.url()} failed`))
        await page.goto(server.origin + path, { waitUntil: 'networkidle0' })
        await act?.(page)
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        if (overflow > 0) console.error(`${name} ${view}: ${overflow} pixels too wide`)
        const file = join(folder, `${name}-${scheme}-${view}.png`)
        await page.screenshot({ path: file, fullPage: full })
        await page.close()
      }
    }
    console.log(name)
  }
} finally {
  await browser.close()
  server.close()
}

/** Two runs over the sample, so that the plot compares them. */
async function packSample(page) {
  await page.click('#sample')
  for (const format of ['mxfp4', 'nvfp4']) {
    await page.waitForSelector('#pack:not([disabled])')
    await page.click(`input[value="${format}"]`)
    await page.click('#pack')
    await page.waitForFunction(
      (label) => document.querySelector('#summary')?.textContent?.includes(label),
      { timeout: 60_000 },
      format,
    )
  }
  await page.click('details summary')
}
