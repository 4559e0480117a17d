import { concreteTypes } from '../../src/manifest/elements.js'
import type { ArgumentDefinition, KernelDefinition } from '../../src/manifest/types.js'
import { enumDeclarations, enumName } from './enums.js'

/**
 * `params.h`: for each kernel `x`, the structs `x_params` (as passed), `x_constants` and `x_call` (typed pointers, params and
 * constants of one dispatch) and `read_x`, which makes an `x_call` of a `cpu_kernel_call`. They live in the namespace
 * of the instruction set that they are compiled for.
 */
export function cpuParams(manifest: readonly KernelDefinition[]): string {
  const kernels = manifest.filter(({ launch }) => launch.cpu !== undefined)
  return `// Generated from src/manifest by scripts/generate.ts.
#ifndef METAL_FP4_KERNELS_PARAMS_H
#define METAL_FP4_KERNELS_PARAMS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cpu_kernel.h"

namespace ISA_NAMESPACE {

${enumDeclarations(kernels, 'uint32_t')}
${kernels.map(declareKernel).join('\n')}
}  // namespace ISA_NAMESPACE

#endif
`
}

const scalarTypes = { u32: 'uint32_t', f32: 'float' } as const

function declareKernel(definition: KernelDefinition): string {
  const { name, args, problem, constants } = definition
  const fields = Object.entries(problem)
  const constantNames = Object.keys(constants)
  return `struct ${name}_params {
${fields.map(([field, type]) => `  ${scalarTypes[type]} ${field};\n`).join('')}};
static_assert(sizeof(${name}_params) == ${4 * fields.length}, "as encode() writes it");
${fields.map(([field], i) => `static_assert(offsetof(${name}_params, ${field}) == ${4 * i}, "as encode() writes it");\n`).join('')}
struct ${name}_constants {
${constantNames.map((constant) => `  ${enumName(definition, constant)} ${constant};\n`).join('')}};

struct ${name}_call {
  const cpu_kernel_call* raw;
${args.map((argument) => `  ${pointerType(definition, argument)} ${argument.name};\n`).join('')}\
  ${name}_params params;
  ${name}_constants constants;
};

static inline ${name}_call read_${name}(const cpu_kernel_call* raw) {
  ${name}_call call;
  call.raw = raw;
${args.map((argument, i) => `  call.${argument.name} = static_cast<${pointerType(definition, argument)}>(raw->bindings[${i}].data);\n`).join('')}\
${readParams(definition)}\
${constantNames.map((constant, i) => `  call.constants.${constant} = static_cast<${enumName(definition, constant)}>(raw->constants[${i}]);\n`).join('')}\
  return call;
}
`
}

function readParams({ params, args, problem }: KernelDefinition): string {
  if (params === 'struct') {
    return `  memcpy(&call.params, raw->bindings[${args.length}].data, sizeof(call.params));\n`
  }
  return Object.keys(problem)
    .map((field, i) => `  memcpy(&call.params.${field}, raw->bindings[${args.length + i}].data, 4);\n`)
    .join('')
}

/** Where a constant decides the element's type, the pointer is to void. */
function pointerType(definition: KernelDefinition, { type, access }: ArgumentDefinition): string {
  const types = concreteTypes(definition, type)
  const element =
    types.length > 1
      ? 'void'
      : { f32: 'float', f16: 'uint16_t', bf16: 'uint16_t', u32: 'uint32_t', e8m0: 'uint8_t', e4m3: 'uint8_t' }[types[0]]
  return `${access === 'read' ? 'const ' : ''}${element}*`
}
