/** What the parts of the page share. */

/** The element of the page with this id; the page and its script belong together, so its absence is a mistake of ours. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof type))
    throw new Error(`[demo] expected #${id} to be a ${type.name}, got ${found === null ? 'none' : found.tagName}.`)
  return found
}

/** The message of an error, or nothing. */
export function showError(error: unknown): void {
  const line = element('error', HTMLElement)
  line.hidden = error === undefined
  line.textContent = error === undefined ? '' : error instanceof Error ? error.message : 'Something went wrong.'
}
