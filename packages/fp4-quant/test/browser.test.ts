/** The package in Chromium: bundled without externals, in the page and in workers, with and without WebAssembly. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quantizeAsync } from '@metal-fp4/fp4-quant'
import { build } from 'esbuild'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, launchChromium, withoutChromium } from '../../../scripts/chromium.mjs'
import { type StaticServer, serveFolder } from '../demo/serve.mjs'
import type { Place } from './browser/page.js'
import { type Results, results } from './browser/results.js'

if (findChromium() === null) console.log(`browser.test.ts is skipped: ${withoutChromium}`)

describe.skipIf(findChromium() === null)('in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fp4-quant-browser-'))
  let browser: Browser
  let expected: Results

  beforeAll(async () => {
    expected = await results(quantizeAsync)
    const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
    // Anything of Node that the bundle asked for would be an error here: nothing is external.
    await build({
      entryPoints: { page: script('browser/page.ts'), worker: script('../src/parallel/worker.ts') },
      outdir: folder,
      bundle: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['@metal-fp4/source'],
      logLevel: 'error',
    })
    writeFileSync(
      join(folder, 'index.html'),
      '<!doctype html><title>fp4-quant</title><script type="module" src="page.js"></script>',
    )
    browser = (await launchChromium())!
  })

  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each<[policy: string, header: string | undefined, wasm: boolean, places: readonly Place[]]>([
    ['without a content policy', undefined, true, ['page', 'worker', 'inline worker']],
    [
      'under a policy with WebAssembly',
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
      true,
      ['page', 'worker'],
    ],
    ['under a policy without it', "default-src 'self'", false, ['page', 'worker']],
  ])('packs, converts and unpacks %s: the bits of Node', async (_, header, wasm, places) => {
    const { page, close } = await openPage(
      browser,
      folder,
      header === undefined ? {} : { 'content-security-policy': header },
    )
    try {
      // An empty module: the policy itself, so that both ways are taken.
      const compiles = await page.evaluate(
        `try { new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)); true } catch { false }`,
      )
      expect(compiles).toBe(wasm)
      for (const place of places) {
        const found = await page.evaluate((where) => (globalThis as unknown as PageGlobals).run(where), place)
        expect(found, place).toEqual(expected)
      }
    } finally {
      await close()
    }
  })

  test('workers that cannot be started are an error, not a wait', async () => {
    const { page, close } = await openPage(browser, folder, { 'content-security-policy': "default-src 'self'" })
    try {
      const message = await page.evaluate(() =>
        (globalThis as unknown as PageGlobals).run('inline worker').then(
          () => 'it worked',
          (error: unknown) => String(error),
        ),
      )
      expect(message).toMatch(/PoolError: .*createWorker/)
    } finally {
      await close()
    }
  })
})

/** What `browser/page.ts` leaves there. */
interface PageGlobals {
  run(place: Place): Promise<Results>
}

async function openPage(
  browser: Browser,
  folder: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ page: Page; close: () => Promise<void> }> {
  const server: StaticServer = await serveFolder(folder, headers)
  const page = await browser.newPage()
  await page.goto(server.origin)
  await page.waitForFunction('typeof run === "function"')
  return {
    page,
    close: async () => {
      await page.close()
      server.close()
    },
  }
}
