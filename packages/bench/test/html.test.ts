/** The report page: what it says, and that a browser shows it. How it looks was looked at by people; tests see that nothing is cut off. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseHTML } from 'linkedom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium, launchChromium, withoutChromium } from '../../../scripts/chromium.mjs'
import { type BenchReport, type BenchRow, htmlReport, report, runCli } from '../src/index.js'
import { sampleReport } from './support/sample-report.js'

describe('htmlReport', () => {
  it('has every picture with its text and its numbers, and loads nothing', async () => {
    const page = await htmlReport([sampleReport])
    const ids = [...page.matchAll(/<section id="([^"]*)">/g)].map(([, id]) => id)
    expect(ids).toEqual(['roofline', 'by-rows', 'step', 'peers', 'rows'])
    expect(page.match(/<svg /g)?.length).toBe(8)
    expect(page.match(/<svg [^>]*aria-label="/g)?.length).toBe(8)
    expect(/<script|<link|src=|url\(|@import/.exec(page)).toBe(null)
    expect(page.match(/https?:[^"' ]*/g)?.filter((url) => !url.startsWith('http://www.w3.org/'))).toEqual(undefined)
    const texts = [
      'Eight rows take 4.0 times as long as one at best (gemv_fp4 fp4, 4096 x 4096, 1 thread).',
      'gemv_fp4 75 %, outside kernels 20 %',
      '<td class="number">2.00</td>',
    ]
    expect(texts.filter((text) => !page.includes(text))).toEqual([])
  })

  it('has times and no quotient of a race with other threads, and says so', async () => {
    const rows = sampleReport.rows.map(({ speedup: _, speedupLow: __, speedupHigh: ___, ratios: ____, ...row }) =>
      row.versus !== undefined
        ? { ...row, unequalThreads: true as const }
        : row.engine === undefined
          ? row
          : { ...row, threads: 1 },
    ) as readonly BenchRow[]
    const page = await htmlReport([{ ...sampleReport, rows }])
    expect(page).toContain(
      'node-llama-cpp 3.22.1 could not run with 2 threads and had 1 thread: decode, qwen3-0.6b, mxfp4',
    )
    expect(page).toContain('50.0 tokens/s with 1 thread')
    expect(
      /2\.00|NaN/.exec(page.slice(page.indexOf('<section id="peers">'), page.indexOf('<section id="rows">'))),
    ).toBe(null)
  })

  it('draws the roof of the memory as a band from the least to the greatest of its rows', async () => {
    const roofs = (roof: number): readonly BenchRow[] =>
      sampleReport.rows.slice(0, 1).map((row) => ({ ...row, roofGigabytesPerSecond: roof }))
    const page = await htmlReport([{ ...sampleReport, rows: [...roofs(31), ...roofs(44)] }])
    expect(page).toContain('1 thread: memory reads 31 to 44 GB/s')
    expect(page).toContain('aria-label="area"')
    expect(await htmlReport([{ ...sampleReport, rows: roofs(40) }])).toContain('1 thread: memory reads 40 GB/s')
  })

  it('leaves out what no row has', async () => {
    const none = await htmlReport([{ machine: sampleReport.machine, rows: [] }])
    expect(none.includes('<svg')).toBe(false)
    expect(none).toContain('0 rows')
  })

  it('shows what files say as text', async () => {
    const evil = '"><img src=x onerror=alert(1)>'
    const rows = sampleReport.rows.map((row) => ({
      ...row,
      kernel: evil,
      variant: evil,
      device: evil,
      ...(row.versus && { versus: evil }),
    }))
    const failures = [{ suite: evil, case: evil, threads: 1, message: evil }]
    const shown = await htmlReport([{ ...sampleReport, rows, failures }], { title: evil })
    const { document } = parseHTML(shown) as unknown as {
      document: { querySelectorAll(selector: string): { length: number } }
    }
    expect(document.querySelectorAll('svg').length).toBe(8)
    expect(document.querySelectorAll('img').length).toBe(0)
  })
})

describe('bench report', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-report-'))
    writeFileSync(join(folder, 'a.json'), report(sampleReport, 'json'))
  })
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })
  const cli = async (...argv: readonly string[]): Promise<{ status: number; out: string; err: string }> => {
    let [out, err] = ['', '']
    const status = await runCli([], argv, {
      stdout: (text) => void (out += text),
      stderr: (text) => void (err += text),
    })
    return { status, out, err }
  }

  it('writes the page', async () => {
    const page = join(folder, 'page.html')
    expect((await cli('report', join(folder, 'a.json'), '-o', page, '--title', 'Ours')).status).toBe(0)
    expect(readFileSync(page, 'utf8')).toContain('<title>Ours</title>')
  })

  it('does not write the page over one of its reports', async () => {
    const path = join(folder, 'kept.json')
    writeFileSync(path, report(sampleReport, 'json'))
    const { status, err } = await cli('report', join(folder, 'a.json'), path, '-o', join(folder, '.', 'kept.json'))
    expect(status).toBe(2)
    expect(err).toContain('kept.json, which is one of them. Name another: -o page.html.')
    expect(readFileSync(path, 'utf8')).toBe(report(sampleReport, 'json'))
  })

  it('compares, and can fail for what became slower', async () => {
    const slower = {
      ...sampleReport,
      rows: sampleReport.rows.map((row) => ({
        ...row,
        medianNs: 2 * row.medianNs,
        samplesNs: row.samplesNs.map((ns) => 2 * ns),
      })),
    }
    writeFileSync(join(folder, 'b.json'), report(slower, 'json'))
    const [a, b] = [join(folder, 'a.json'), join(folder, 'b.json')]
    expect(await cli('compare', a, b)).toMatchObject({ status: 0, out: expect.stringContaining('+100.0 %') as string })
    expect((await cli('compare', a, b, '--fail-on-slower')).status).toBe(1)
    expect((await cli('compare', a, a, '--fail-on-slower')).status).toBe(0)
    const { rows } = JSON.parse((await cli('compare', a, b, '--json')).out) as { rows: { ratio: number }[] }
    expect(rows[0].ratio).toBe(2)
  })

  it.each([
    [['report', '-o', 'x.html'], "error: missing required argument 'files'"],
    [['report', 'a.json'], "error: required option '-o, --output <page>' not specified"],
    [['report', '/nowhere.json', '-o', 'x.html'], '[report] expected a file at /nowhere.json, got ENOENT'],
    [['compare', 'a.json'], "error: missing required argument 'B'"],
    [['compare', 'a.json', 'b.json', '--threshold', 'x'], "Expected a percentage from 0 to 1000, got 'x'."],
  ])('answers %j with one error and status 2', async (argv, message) => {
    const { status, out, err } = await cli(...argv)
    expect([status, out]).toEqual([2, ''])
    expect(err).toContain(message)
    expect(err).not.toMatch(/^\s+at /m)
  })

  it.each<[string, (text: string) => string, string]>([
    ['no JSON', () => '{', 'to hold JSON, got'],
    ['no report', () => '[]', 'an object, got []'],
    [
      'a row without samples',
      (text) => text.replaceAll('"samplesNs":', '"samples":'),
      'rows[0].samplesNs to be positive numbers, got none',
    ],
    [
      'a time that is a text',
      (text) => text.replace(/"medianNs":[\d.]+/, '"medianNs":"fast"'),
      'rows[0].medianNs to be a positive number, got "fast"',
    ],
  ])('refuses a file of %s', async (_, change, message) => {
    const path = join(folder, 'bad.json')
    writeFileSync(path, change(report(sampleReport, 'json')))
    const { status, err } = await cli('report', path, '-o', join(folder, 'bad.html'))
    expect(status).toBe(2)
    expect(err).toContain(message)
  })

  it('has help with an example for each verb', async () => {
    for (const verb of ['report', 'compare']) {
      const { status, out } = await cli(verb, '--help')
      expect(status).toBe(0)
      expect(out).toContain(`Example: bench ${verb} `)
    }
    expect((await cli('--help')).out).toContain('Other things to do (each has --help):')
  })
})

if (findChromium() === null) process.stderr.write(`skipped: screenshots of the report, ${withoutChromium}\n`)

describe.skipIf(findChromium() === null)('in Chromium', () => {
  it.each([
    ['light', 1100],
    ['dark', 1100],
    ['light', 360],
    ['dark', 360],
  ] as const)('shows every picture once, %s, %i pixels wide', async (scheme, width) => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-screenshot-'))
    const browser = (await launchChromium())!
    try {
      const path = join(folder, 'page.html')
      writeFileSync(path, await htmlReport([sampleReport]))
      const page = await browser.newPage()
      const requests: string[] = []
      page.on('request', (request) => requests.push(request.url()))
      await page.setViewport({ width, height: 900 })
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
      await page.goto(pathToFileURL(path).href)
      expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([])
      const seen = (await page.evaluate(inPage)) as Seen
      expect(seen.pictures).toBe(4)
      // Nothing makes a reader scroll sideways, and no text of a picture lies outside the page.
      expect(seen.scrollWidth).toBeLessThanOrEqual(width)
      expect(seen.outside).toEqual([])
      expect(seen.dark).toBe(scheme === 'dark')
      const screenshot = join(folder, 'page.png')
      await page.screenshot({ path: screenshot, fullPage: true })
      expect(statSync(screenshot).size).toBeGreaterThan(20_000)
    } finally {
      await browser.close()
      rmSync(folder, { recursive: true })
    }
  })
})

/** Runs in the page; as text, since the types of a document are not among Node's. */
const inPage = `(() => {
  const shown = [...document.querySelectorAll('figure svg')].filter((svg) => svg.getBoundingClientRect().width > 0)
  const outside = shown.flatMap((svg) => [...svg.querySelectorAll('text')])
    .filter((text) => { const { left, right } = text.getBoundingClientRect(); return left < 0 || right > innerWidth })
    .map((text) => text.textContent)
  const background = getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)
  return { pictures: shown.length, scrollWidth: document.documentElement.scrollWidth, outside, dark: background[0] < 128 }
})()`

interface Seen {
  readonly pictures: number
  readonly scrollWidth: number
  readonly outside: readonly string[]
  readonly dark: boolean
}

/** A report is what its reader gives back. */
it('is read as it was written', async () => {
  const { readReport } = await import('../src/index.js')
  const folder = mkdtempSync(join(tmpdir(), 'bench-read-'))
  try {
    const path = join(folder, 'a.json')
    writeFileSync(path, report(sampleReport, 'json'))
    const read: BenchReport = readReport(path)
    expect(read).toEqual(sampleReport)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
