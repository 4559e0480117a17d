import type { KernelDefinition } from '../../src/manifest/types.js'

/** Gives the text of a file of `metal/` by its name, or of the generated `params.h`. */
export type ReadSource = (name: string) => string

/**
 * All Metal kernels as one translation unit, which a device compiles without a search path: each local header once, where it is
 * first included, then the kernels in the order of the manifest. `#line` keeps the names of the files in what compilers say.
 * @throws Error when headers include one another in a circle.
 */
export function metalLibrary(manifest: readonly KernelDefinition[], read: ReadSource): string {
  const names = manifest.filter(({ launch }) => launch.metal !== undefined).map(({ name }) => `${name}.metal`)
  const opened = new Map<string, 'open' | 'done'>()
  const flatten = (name: string): string[] => {
    if (opened.get(name) === 'open') throw new Error(`[metal-library] ${name} includes itself`)
    if (opened.get(name) === 'done') return []
    opened.set(name, 'open')
    const lines: string[] = [`#line 1 "${name}"`]
    for (const [i, line] of read(name).trimEnd().split('\n').entries()) {
      const header = /^\s*#\s*include\s+"([^"]+)"/.exec(line)?.[1]
      if (header === undefined) {
        lines.push(line)
        continue
      }
      lines.push(...flatten(header), `#line ${i + 2} "${name}"`)
    }
    opened.set(name, 'done')
    return lines
  }
  const head = [
    '// All kernels as one source, made by scripts/generate.ts from metal/ and src/manifest.',
    // Bits are part of an order id, and safe math alone lets a product and a sum of one statement become an fma.
    '#pragma STDC FP_CONTRACT OFF',
  ]
  return [...head, ...names.flatMap(flatten), ''].join('\n')
}
