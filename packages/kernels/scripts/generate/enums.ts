import type { KernelDefinition } from '../../src/manifest/types.js'

/** The name of the enumeration of a constant: kernels whose constant has the same name and values share one. */
export function enumName(definition: KernelDefinition, constant: string): string {
  return [constant, ...definition.constants[constant]].join('_')
}

/** One enumeration for each distinct constant, and the name `<kernel>_<constant>` for it. */
export function enumDeclarations(kernels: readonly KernelDefinition[], underlying: string): string {
  const declared = new Map<string, string>()
  const aliases: string[] = []
  for (const definition of kernels) {
    for (const [constant, values] of Object.entries(definition.constants)) {
      const name = enumName(definition, constant)
      declared.set(name, `enum class ${name} : ${underlying} { ${values.join(', ')} };\n`)
      aliases.push(`using ${definition.name}_${constant} = ${name};\n`)
    }
  }
  return [...declared.values(), ...aliases].join('')
}
