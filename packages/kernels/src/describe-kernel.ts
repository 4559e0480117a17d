/** What a GPU's device is to know of a kernel before it is compiled, from the manifest. */
import type { KernelArgument, KernelDescription } from '@metal-fp4/metal-core'
import { concreteTypes, elementBytes } from './manifest/elements.js'
import { parse } from './manifest/resolve.js'
import type { ArgumentDefinition, KernelDefinition } from './manifest/types.js'

/** The description of a kernel: its arguments, the parameters last, its constants and the messages of its failures. */
export function describeKernel(definition: KernelDefinition): KernelDescription {
  const { name, args, constants, failures = [] } = definition
  return {
    name,
    arguments: [...args.map((argument) => describeArgument(definition, argument)), ...describeParameters(definition)],
    constants: Object.entries(constants).map(([constant, values]) => ({
      name: constant,
      defaultValue: 0,
      maxValue: values.length - 1,
    })),
    failures,
  }
}

function describeArgument(definition: KernelDefinition, argument: ArgumentDefinition): KernelArgument {
  const { name, access, when, mayAlias } = argument
  return {
    name,
    access,
    alignment: alignmentOf(definition, argument),
    valueBytes: 0,
    optional: when !== undefined,
    ...(mayAlias === undefined ? {} : { mayAlias }),
  }
}

/** Stated as a number; otherwise what every element type that the argument may have can live with: `encode` asks for the rest. */
function alignmentOf(definition: KernelDefinition, argument: ArgumentDefinition): number {
  const stated = parse(definition).alignments[definition.args.indexOf(argument)]
  if (stated?.kind === 'number') return stated.value
  return Math.min(...concreteTypes(definition, argument.type).map((type) => elementBytes[type]))
}

function describeParameters({ problem, params }: KernelDefinition): KernelArgument[] {
  const fields = Object.keys(problem)
  const value = (name: string, valueBytes: number): KernelArgument => ({
    name,
    access: 'value',
    alignment: 4,
    valueBytes,
    optional: false,
  })
  return params === 'struct' ? [value('params', 4 * fields.length)] : fields.map((field) => value(field, 4))
}
