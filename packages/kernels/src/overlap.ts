/** Two arguments of a call in the same bytes, one of them written: the result would depend on the order of the threads. */
import type { Bindable } from './encode.js'
import { KernelArgumentError } from './errors.js'
import type { ResolvedArgument } from './manifest/resolve.js'

/** The bytes that a kernel uses of what is bound to an argument. */
interface Range {
  readonly argument: ResolvedArgument
  /** Ranges with the same memory can overlap. */
  readonly memory: unknown
  readonly begin: number
  readonly end: number
}

/**
 * Refuses arguments that share bytes of a buffer of which one is written, unless the manifest allows it (`mayAlias`) and both are
 * the same range. Buffers are compared by identity; the device compares addresses again.
 * @throws KernelArgumentError naming both arguments.
 */
export function checkOverlaps(
  kernel: string,
  args: readonly ResolvedArgument[],
  bound: readonly (Bindable | null)[],
): void {
  const ranges = args.flatMap((argument, i) => rangeOf(argument, bound[i]))
  for (const [i, one] of ranges.entries()) {
    for (const other of ranges.slice(i + 1)) {
      if (isRead(one) && isRead(other)) continue
      if (one.memory !== other.memory || one.begin >= other.end || other.begin >= one.end) continue
      const same = one.begin === other.begin && one.end === other.end
      const allowed = mayAlias(one, other) || mayAlias(other, one)
      if (same && allowed) continue
      const [written, used] = isRead(one) ? [other, one] : [one, other]
      const shown = `bytes ${span(written)} and ${span(used)} of one buffer`
      const expected = `${name(written)} ${allowed ? 'to be the range of' : 'apart from'} ${name(used)}`
      throw new KernelArgumentError(
        kernel,
        allowed ? `${expected} or apart from it` : expected,
        shown,
        `Give ${name(written)} a buffer of its own.`,
      )
    }
  }
}

function rangeOf(argument: ResolvedArgument, value: Bindable | null): Range[] {
  if (value === null) return []
  const isArray = ArrayBuffer.isView(value)
  const begin = isArray ? value.byteOffset : (value.offset ?? 0)
  return [{ argument, memory: value.buffer ?? value, begin, end: begin + argument.bytes }]
}

function name({ argument }: Range): string {
  return argument.definition.name
}

function isRead({ argument }: Range): boolean {
  return argument.definition.access === 'read'
}

function mayAlias(one: Range, other: Range): boolean {
  return one.argument.definition.mayAlias === name(other)
}

function span({ begin, end }: Range): string {
  return `${begin}..${end - 1}`
}
