/** What the parts of the page share. */

/** The element of the page with this id; the page and its script belong together, so its absence is a mistake of ours. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof type))
    throw new Error(`[demo] expected #${id} to be a ${type.name}, got ${found === null ? 'none' : found.tagName}.`)
  return found
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${value.toLocaleString('en', { maximumSignificantDigits: power === 0 ? 4 : 3 })} ${units[power]}`
}

/** The message of an error, or nothing. */
export function showError(error: unknown): void {
  const line = element('error', HTMLElement)
  line.hidden = error === undefined
  line.textContent = error === undefined ? '' : error instanceof Error ? error.message : 'Something went wrong.'
}
