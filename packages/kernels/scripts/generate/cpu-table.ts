import { concreteTypes, decidingConstant, elementBytes } from '../../src/manifest/elements.js'
import { parse } from '../../src/manifest/resolve.js'
import type { ArgumentDefinition, KernelDefinition } from '../../src/manifest/types.js'
import { cppExpression } from './cpp-expression.js'

/**
 * `table.inc`, included once, by cpu/library.cpp: for each kernel its arguments and constants as cpu_kernel.h wants them and a
 * check of a dispatch, which says what `encode` would have said; and CPU_KERNELS(X), which names them all.
 */
export function cpuTable(manifest: readonly KernelDefinition[]): string {
  const kernels = manifest.filter(({ launch }) => launch.cpu !== undefined)
  return `// Generated from src/manifest by scripts/generate.ts.
${kernels.map((definition) => [descriptors(definition), check(definition)].join('\n')).join('\n')}
#define CPU_KERNELS(X) \\
${kernels.map(({ name }) => `  X(${name})`).join(' \\\n')}
`
}

function descriptors(definition: KernelDefinition): string {
  const { name, args, problem, params, constants } = definition
  const values =
    params === 'struct'
      ? [['params', 4 * Object.keys(problem).length]]
      : Object.keys(problem).map((field) => [field, 4])
  const constantEntries = Object.entries(constants)
  const lines = [
    ...args.map(
      (argument) =>
        `{"${argument.name}", CPU_KERNEL_${argument.access.toUpperCase()}, ${alignment(definition, argument)}, 0, ${argument.when === undefined ? 0 : 1}, ${alias(definition, argument)}}`,
    ),
    ...values.map(([field, bytes]) => `{"${field}", CPU_KERNEL_VALUE, 4, ${bytes}, 0, 0}`),
  ]
  return `static const cpu_kernel_argument ${name}_arguments[] = {
${lines.map((line) => `    ${line},\n`).join('')}};
${
  constantEntries.length === 0
    ? `static const cpu_kernel_constant* const ${name}_constant_table = nullptr;
enum { ${name}_constant_count = 0 };
`
    : `static const cpu_kernel_constant ${name}_constant_table[] = {
${constantEntries.map(([constant, names]) => `    {"${constant}", 0, ${names.length - 1}},\n`).join('')}};
enum { ${name}_constant_count = ${constantEntries.length} };
`
}`
}

/** 1 + the index of the argument whose range this one may equal, or 0. */
function alias({ args }: KernelDefinition, { mayAlias }: ArgumentDefinition): number {
  return mayAlias === undefined ? 0 : args.findIndex(({ name }) => name === mayAlias) + 1
}

/**
 * The alignment stated as a number; otherwise what every element type that the argument may have can live with, and the check
 * asks for what the dispatch at hand needs.
 */
function alignment(definition: KernelDefinition, argument: ArgumentDefinition): number {
  const stated = parse(definition).alignments[definition.args.indexOf(argument)]
  if (stated?.kind === 'number') return stated.value
  const { type } = argument
  return Math.min(
    ...concreteTypes(definition, type).map((concrete) => Math.max(elementBytes[concrete], type === 'scale' ? 2 : 1)),
    4,
  )
}

function check(definition: KernelDefinition): string {
  const { name, args, legal, launch, problem, constants } = definition
  const parsed = parse(definition)
  const spell = (text: string): string =>
    Object.hasOwn(constants, text) ? `static_cast<int64_t>(call.constants.${text})` : `int64_t{call.params.${text}}`
  const emit = (node: Parameters<typeof cppExpression>[0]): string => cppExpression(node, spell)
  const fields = Object.entries(problem)
  const shown = fields.map(([field, type]) => `${field} = ${type === 'u32' ? '%u' : '%g'}`).join(', ')
  const shownValues = fields.map(([field]) => `call.params.${field}`).join(', ')
  const constraints = [...legal, ...(launch.cpu?.legal ?? [])].map(
    ({ expression, expected }, i) => `  // ${expression}
  if (${emit([...parsed.legal, ...(parsed.launchLegal.cpu ?? [])][i])} == 0 || !a.exact) {
    return fail(raw, "expected ${expected.replaceAll('%', '%%')}, got ${shown}.", ${shownValues});
  }
`,
  )
  const bindings = args.map((argument, i) => {
    const when = parsed.when[i]
    const condition = when === undefined ? '1' : emit(when)
    const aligned = parsed.alignments[i]
    const size = elementSize(definition, argument)
    return `  if (check_binding(raw, &${name}_arguments[${i}], ${i}, ${condition}, ${emit(parsed.counts[i])}, ${size}, ${aligned === undefined ? size : emit(aligned)}, a)) return 1;
`
  })
  const grid = (parsed.grids.cpu ?? []).map(emit)
  return `static int ${name}_check(const cpu_kernel_call* raw) {
  const ${name}_call call = read_${name}(raw);
  Arithmetic a;
${constraints.join('')}${bindings.join('')}\
  const int64_t grid[3] = {${grid.join(', ')}};
  return check_grid(raw, grid, a);
}
`
}

function elementSize(definition: KernelDefinition, { type }: ArgumentDefinition): string {
  const sizes = concreteTypes(definition, type).map((concrete) => elementBytes[concrete])
  const constant = decidingConstant(type)
  if (constant === undefined || sizes.length === 1) return String(sizes[0])
  return `element_size(static_cast<uint32_t>(call.constants.${constant}), {${sizes.join(', ')}})`
}
