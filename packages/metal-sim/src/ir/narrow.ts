const conversion =
  /^(\s*)%([\w.$-]+) = (fptrunc|fpext) (<\d+ x )?(bfloat|half)(>?) (.+) to (?:<\d+ x )?(half|bfloat)>?((?:, .*)?)$/

/**
 * clang converts between vectors of bfloat and half by an instruction that LLVM refuses, as they are of one size: through float instead, which
 * holds both.
 */
export const convertThroughFloat = (line: string): string => {
  const found = conversion.exec(line)
  if (!found || found[5] === found[8]) return line
  const [, indent, name, , vector = '', from, close, value, to, rest] = found
  const type = (of: string): string => vector + of + close
  const wide = `%through.float.${name}`
  return [
    `${indent}${wide} = fpext ${type(from)} ${value} to ${type('float')}${rest}`,
    `${indent}%${name} = fptrunc ${type('float')} ${wide} to ${type(to)}${rest}`,
  ].join('\n')
}
