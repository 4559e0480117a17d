import type { KernelDefinition } from '../../src/manifest/types.js'
import { enumDeclarations } from './enums.js'

/** The same structs and enumerations in Metal Shading Language, for kernels whose parameters are one struct. */
export function metalParams(manifest: readonly KernelDefinition[]): string {
  const kernels = manifest.filter(({ params }) => params === 'struct')
  return `// Generated from src/manifest by scripts/generate.ts.
#ifndef METAL_FP4_KERNELS_PARAMS_H
#define METAL_FP4_KERNELS_PARAMS_H

#include <metal_stdlib>

${enumDeclarations(kernels, 'uint')}
${kernels
  .map(
    ({ name, problem }) => `struct ${name}_params {
${Object.entries(problem)
  .map(([field, type]) => `  ${type === 'u32' ? 'uint' : 'float'} ${field};\n`)
  .join('')}};
static_assert(sizeof(${name}_params) == ${4 * Object.keys(problem).length}, "as encode() writes it");
`,
  )
  .join('\n')}
#endif
`
}
