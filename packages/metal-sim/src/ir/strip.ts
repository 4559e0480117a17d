import { convertThroughFloat } from './narrow.js'

/**
 * IR without address spaces, so that sanitizers see every access. Metadata and strings stay; fused multiply-adds of the user's are counted when
 * asked for.
 */
export const stripAddressSpaces = (lines: readonly string[]): string => {
  const text = lines
    .map((original) => {
      let line = original
      if (line.startsWith('!') || line.startsWith('source_filename')) return line
      if (line.includes(' bfloat') || line.includes(' half')) line = convertThroughFloat(line)
      if (!line.includes('addrspace')) return line
      const string = / c"(?:[^"\\]|\\.)*"/.exec(line)
      const text = line.replaceAll(/ ?addrspace\(\d+\)/g, '').replaceAll('addrspacecast', 'bitcast')
      return string ? text.replace(/ c"(?:[^"\\]|\\.)*"/, () => string[0]) : text
    })
    .join('\n')
    // Intrinsics are named after the pointers that they take.
    .replaceAll(/@llvm\.[\w.]*\.p[1-9]\d*\b[\w.]*/g, (name) => name.replaceAll(/\.p[1-9]\d*(?=\.|$)/g, '.p0'))
  // Two of them may have become one.
  const declared = new Set<string>()
  return text.replaceAll(/^declare [^@]*(@[\w.]+)\(.*$/gm, (line, name: string) => {
    if (declared.has(name)) return ''
    declared.add(name)
    return line
  })
}

const multiplyAdd = /@llvm\.(fma|fmuladd)\.(v\d+)?(f16|f32)\b/g

/** Has multiply-adds counted: calls of the intrinsics become calls of the header's counting functions. */
export const countMultiplyAdds = (text: string): string =>
  text
    .replaceAll(/^declare .*@llvm\.(?:fma|fmuladd)\.(?:v\d+)?(?:f16|f32)\(.*$/gm, '')
    .replaceAll(
      multiplyAdd,
      (_, name: string, vector: string | undefined, type: string) => `@sim_counting_${name}_${vector ?? ''}${type}`,
    )
