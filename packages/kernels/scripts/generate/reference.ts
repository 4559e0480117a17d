import type { KernelDefinition } from '../../src/manifest/types.js'

/** docs/kernels.md: every kernel with its arguments, constraints and launch. */
export function reference(manifest: readonly KernelDefinition[]): string {
  return `# Kernels

Generated from \`src/manifest\` by \`scripts/generate.ts\`; do not edit. \`struct\` parameters are the last argument, \`separate\` ones an
argument each, in the order given. A constant's first value is its default. Kernels with the same order id give the same bits.
The order and the expectations of a launch are those of its backend alone.
Alignment is in bytes; \`element\`: the size of one element. What a kernel writes may share no bytes with its other arguments,
unless one "may be" the other: then both are the same range.

${manifest.map(({ name }) => `- [${name}](#${name})`).join('\n')}

${manifest.map(section).join('\n')}`
}

function section(definition: KernelDefinition): string {
  const {
    name,
    summary,
    problem,
    params,
    constants,
    args,
    order,
    orders = {},
    legal,
    launch,
    operations,
    failures = [],
  } = definition
  const rows = args.map(
    ({ name: argument, type, access, count, when, alignment, mayAlias, doc }) =>
      `| ${code(argument)} | ${type} | ${access} | ${code(count)}${when === undefined ? '' : `, when ${code(when)}`} | ${alignment === undefined ? 'element' : code(alignment)} | ${cell(doc)}${mayAlias === undefined ? '' : `; may be ${code(mayAlias)}`} |`,
  )
  const launches = Object.entries(launch).map(([backend, { grid, threadgroup, order: own, legal: more = [] }]) =>
    [
      `- Launch on ${backend}: grid ${code(grid.join(', '))}, threadgroup ${code(threadgroup.join(', '))}`,
      ...(own === undefined ? [] : [`order ${code(own)}`]),
      ...(more.length === 0 ? [] : [`expects ${list(more.map(({ expected }) => expected))}`]),
    ].join('; '),
  )
  if (failures.length > 0) launches.push(`- On a GPU it fails with ${list(failures.map((text) => `"${cell(text)}"`))}`)
  return `## ${name}

${summary}

- Parameters (${params}): ${list(Object.entries(problem).map(([field, type]) => `${code(field)} ${type}`))}
- Constants: ${list(Object.entries(constants).map(([constant, values]) => `${code(constant)} (${values.join(', ')})`))}
- Order: ${code(order)}${Object.entries(orders)
    .flatMap(([constant, byValue]) =>
      Object.entries(byValue).map(([value, id]) => `, ${code(id)} for ${constant} ${value}`),
    )
    .join('')}; operations: ${code(operations)}
- Expects ${list(legal.map(({ expected }) => expected))}
${launches.join('\n')}

| argument | type | access | elements | alignment | shape |
|---|---|---|---|---|---|
${rows.join('\n')}
`
}

function code(text: string): string {
  return `\`${cell(text)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function list(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join('; ')
}
