/// <reference lib="dom" />
/** The demo page, driven from a dropped file to the bytes of the download. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesSource, openSafetensors, packSafetensors, writeSafetensors } from '@metal-fp4/fp4-quant/safetensors'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, launchChromium, withoutChromium } from '../../../scripts/chromium.mjs'
import { buildDemo } from '../demo/build.mjs'
import { type StaticServer, serveFolder } from '../demo/serve.mjs'
import { bytesOf, weights } from './browser/results.js'

if (findChromium() === null) console.log(`demo.test.ts is skipped: ${withoutChromium}`)

describe.skipIf(findChromium() === null)('the demo in Chromium', () => {
  const site = mkdtempSync(join(tmpdir(), 'fp4-quant-demo-'))
  let server: StaticServer
  let browser: Browser

  beforeAll(async () => {
    await buildDemo(site)
    server = await serveFolder(site)
    browser = (await launchChromium())!
  })
  afterAll(async () => {
    await browser.close()
    server.close()
    rmSync(site, { recursive: true, force: true })
  })

  /** The page, with what went wrong in it: errors, refused requests, requests to anywhere else. */
  async function openDemo(): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('request', (request) => {
      if (!/^(?:data|blob):/.test(request.url()) && !request.url().startsWith(server.origin))
        complaints.push(request.url())
    })
    await page.goto(server.origin)
    return { page, complaints }
  }

  test('a dropped file is packed, plotted and downloaded: the bytes of Node', async () => {
    const { page, complaints } = await openDemo()
    const file = await sampleBytes()
    await dropFile(page, file, 'model.safetensors')
    await page.waitForSelector('#pack:not([disabled])')
    expect(await textOf(page, '#file-name')).toMatch(/^model\.safetensors: 3 tensors/)

    await page.click('input[value="nvfp4"]')
    await page.click('input[value="mse"]')
    await page.select('select[name="layout"]', 'modelopt')
    await page.type('input[name="exclude"]', 'head.*')
    await page.click('#pack')
    await page.waitForSelector('#download:not([hidden])')

    expect(await textOf(page, '#summary')).toMatch(/nvfp4, mse.*1 packed, 2 kept/s)
    expect(await page.$$eval('#plot svg circle', (dots) => dots.length)).toBe(1)
    expect(await page.$eval('#plot svg', (svg) => svg.getBoundingClientRect().height)).toBeGreaterThan(40)
    expect(await page.$$eval('#rows tr', (rows) => rows.length)).toBe(3)
    expect(await page.$eval('#download', (link) => link.getAttribute('download'))).toBe(
      'model.nvfp4.modelopt.safetensors',
    )

    const options = { format: 'nvfp4', scales: 'mse', layout: 'modelopt', exclude: ['head.*'] } as const
    const expectedFile = await bytesOf((await packSafetensors(bytesSource(file), options)).chunks)
    expect(await downloaded(page)).toEqual([...expectedFile])
    expect((await openSafetensors(bytesSource(expectedFile))).entries.size).toBeGreaterThan(3)

    // Another run stays beside the first one.
    await page.click('input[value="absmax"]')
    await page.click('#pack')
    await page.waitForFunction(() => document.querySelectorAll('#plot svg circle').length === 2)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('says exact where nothing is lost, as the command does', async () => {
    const { page, complaints } = await openDemo()
    const data = new Uint8Array(new Float32Array(64 * 64).fill(0.5).buffer)
    const file = await bytesOf(writeSafetensors([{ name: 'w', dtype: 'F32', shape: [64, 64], data }]))
    await dropFile(page, file, 'half.safetensors')
    await page.waitForSelector('#pack:not([disabled])')
    await page.click('#pack')
    await page.waitForSelector('#download:not([hidden])')
    expect(await textOf(page, '#summary')).toMatch(/Size16\.4 kB → .*Medianexact.*Lowestexact/s)
    expect(await textOf(page, '#rows')).toMatch(/^w64 × 64mxfp4.*exact0/)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('a file that is none is refused in words, and the next one works', async () => {
    const { page, complaints } = await openDemo()
    await dropFile(page, new TextEncoder().encode('no safetensors at all'), 'notes.safetensors')
    await page.waitForSelector('#error:not([hidden])')
    expect(await textOf(page, '#error')).toMatch(/notes\.safetensors/)
    expect(await page.$eval('#pack', (button) => (button as HTMLButtonElement).disabled)).toBe(true)
    await page.click('#sample')
    await page.waitForSelector('#pack:not([disabled])')
    expect(await page.$eval('#error', (line) => (line as HTMLElement).hidden)).toBe(true)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('cancelling leaves the page ready for another run', async () => {
    const { page, complaints } = await openDemo()
    await page.click('#sample')
    await page.waitForSelector('#pack:not([disabled])')
    await page.click('input[value="mse"]')
    // Both clicks in one task: the run cannot have ended in between.
    await page.evaluate(() => {
      document.querySelector<HTMLButtonElement>('#pack')!.click()
      document.querySelector<HTMLButtonElement>('#cancel')!.click()
    })
    await page.waitForFunction(() => document.querySelector('#status')?.textContent === 'Cancelled.')
    expect(await page.$eval('#error', (line) => (line as HTMLElement).hidden)).toBe(true)
    await page.click('#pack')
    await page.waitForSelector('#download:not([hidden])')
    expect(complaints).toEqual([])
    await page.close()
  })

  test('layouts that cannot hold a format cannot be chosen with it', async () => {
    const { page } = await openDemo()
    const choosable = (): Promise<string[]> =>
      page.$$eval('select[name="layout"] option:not([disabled])', (all) => all.map((option) => option.value))
    await page.select('select[name="layout"]', 'gpt-oss')
    await page.click('input[value="nvfp4"]')
    expect(await choosable()).toEqual(['kn', 'mlx', 'compressed-tensors', 'modelopt'])
    expect(await page.$eval('select[name="layout"]', (select) => select.value)).toBe('kn')
    await page.click('input[value="fp4"]')
    expect(await choosable()).toEqual(['kn'])
    expect(await page.$eval('select[name="groupSize"]', (select) => select.disabled)).toBe(false)
    await page.close()
  })

  test('everything can be reached and named by keyboard and screen reader', async () => {
    const { page } = await openDemo()
    const unnamed = await page.$$eval('input, select, button, progress, a[href]', (all) =>
      all
        .filter((one) => {
          const labels = (one as HTMLInputElement).labels?.length ?? 0
          return labels === 0 && !one.textContent.trim() && !one.hasAttribute('aria-labelledby')
        })
        .map((one) => one.outerHTML),
    )
    expect(unnamed).toEqual([])
    const reached: string[] = []
    for (let presses = 0; presses < 12; presses++) {
      await page.keyboard.press('Tab')
      reached.push(
        await page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute('name') || ''),
      )
    }
    expect(reached).toEqual(expect.arrayContaining(['file', 'sample', 'format', 'scales', 'layout', 'exclude']))
    await page.close()
  })
})

/** A matrix to pack, one to leave out, and a vector that is none. */
async function sampleBytes(): Promise<Uint8Array> {
  const data = new Uint8Array(weights().buffer)
  return bytesOf(
    writeSafetensors([
      { name: 'layer.weight', dtype: 'F32', shape: [37, 192], data },
      { name: 'head.weight', dtype: 'F32', shape: [37, 192], data },
      { name: 'norm.weight', dtype: 'F32', shape: [16], data: data.slice(0, 64) },
    ]),
  )
}

/** What the browser does when somebody lets go of a file over the page. */
async function dropFile(page: Page, bytes: Uint8Array, name: string): Promise<void> {
  await page.evaluate(
    (values, fileName) => {
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([new Uint8Array(values)], fileName))
      document
        .querySelector('#drop')!
        .dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
    },
    [...bytes],
    name,
  )
}

function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (found) => found.textContent)
}

/** The bytes behind the download link. */
function downloaded(page: Page): Promise<number[]> {
  return page.$eval('#download', async (link) => [
    ...new Uint8Array(await (await fetch((link as HTMLAnchorElement).href)).arrayBuffer()),
  ])
}
