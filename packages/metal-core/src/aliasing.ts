import type { ResolvedBinding } from './buffer.js'
import { ArgumentError } from './errors.js'
import type { Kernel } from './library.js'

/**
 * Throws ArgumentError when a range that the kernel writes overlaps another one of the same dispatch: other threadgroups
 * would read it half-written. Ranges that start at the same byte may, where the kernel says so (`mayAlias`).
 */
export function checkAliasing(kernel: Kernel, ranges: readonly (ResolvedBinding | null)[]): void {
  for (const [j, b] of ranges.entries()) {
    if (b === null) continue
    for (const [i, a] of ranges.slice(0, j).entries()) {
      if (a === null || !overlap(a, b)) continue
      const [first, second] = [kernel.arguments[i], kernel.arguments[j]]
      if (first.access === 'read' && second.access === 'read') continue
      const named = first.mayAlias === second.name || second.mayAlias === first.name
      if (named && a.offset === b.offset) continue
      throw new ArgumentError(
        `[${kernel.name}] expected arguments '${first.name}' and '${second.name}' to share no bytes, as one of them is written, got ranges that overlap; ${named ? 'bind the same range to both, or separate ones' : 'bind separate memory'}`,
      )
    }
  }
}

function overlap(a: ResolvedBinding, b: ResolvedBinding): boolean {
  return a.handle === b.handle && a.offset < b.offset + b.byteLength && b.offset < a.offset + a.byteLength
}
