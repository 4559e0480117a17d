// Finds and starts Chromium for tests that look at pages. It never downloads one: Debian's `apt-get install chromium`, or any
// Chrome or Edge that is there, will do. CHROMIUM_PATH names one by hand.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import puppeteer from 'puppeteer-core'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge']
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** The path of an executable, or null. A CHROMIUM_PATH that cannot be run is no answer, so that a typing error shows. */
export function findChromium() {
  const { CHROMIUM_PATH: named, PATH = '' } = process.env
  if (named) return runs(named) ? named : null
  const onPath = PATH.split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => names.map((name) => join(folder, name)))
  return [...onPath, ...places].find(runs) ?? null
}

/** Why tests that need a browser are skipped where `findChromium` gives null: one line. */
export const withoutChromium = 'no Chromium: apt-get install chromium, or set CHROMIUM_PATH'

/**
 * A puppeteer-core browser, which the caller closes; null where there is no Chromium, which `onSkip` is told why.
 * @throws what puppeteer throws when one is there but does not start.
 */
export async function launchChromium({ args = [], onSkip = () => undefined } = {}) {
  const executablePath = findChromium()
  if (executablePath === null) {
    onSkip(withoutChromium)
    return null
  }
  // The sandbox cannot start as root or in most containers, and pages here are our own; /dev/shm is 64 MB in a container.
  const contained = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']
  // A first start beside compilers on two cores takes its time; the default is 30 s.
  const timeout = 120_000
  return puppeteer.launch({ executablePath, headless: true, timeout, args: [...contained, ...args] })
}

function runs(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
