import type { Browser } from 'puppeteer-core'

export function findChromium(): string | null
export const withoutChromium: string
export function launchChromium(options?: {
  args?: readonly string[]
  onSkip?: (reason: string) => void
}): Promise<Browser | null>
