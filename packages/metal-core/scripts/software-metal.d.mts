/** What has to be installed for `buildSoftwareMetal`; undefined when nothing is missing. */
export function missingForSoftwareMetal(): string | undefined
/** Builds the addon when it is not up to date; resolves to its path. Throws with the compiler's output. */
export function buildSoftwareMetal(): Promise<string>
