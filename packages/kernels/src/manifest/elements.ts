import type { ElementType, KernelDefinition } from './types.js'

/** What the elements of an argument are, once the constants are known. */
export type ConcreteType = 'f32' | 'f16' | 'bf16' | 'u32' | 'e8m0' | 'e4m3'

/** Bytes of one element. */
export const elementBytes: Readonly<Record<ConcreteType, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  u32: 4,
  e8m0: 1,
  e4m3: 1,
}

/** The type of a scale of each FP4 format. */
export const scaleTypes: Readonly<Record<string, ConcreteType>> = { fp4: 'f16', mxfp4: 'e8m0', nvfp4: 'e4m3' }

/** The type of activations in each precision; `u32` are words of `quantize_rows_int8`. */
export const activationTypes: Readonly<Record<string, ConcreteType>> = { float32: 'f32', int8: 'u32' }

/**
 * The types that an element may have, in the order of the values of the constant that decides: `format` for scales, `type`
 * for dense weights, `precision` for activations. One, when no constant does.
 */
export function concreteTypes(definition: KernelDefinition, type: ElementType): readonly ConcreteType[] {
  const constants: Partial<KernelDefinition['constants']> = definition.constants
  if (type === 'codes') return ['u32']
  if (type === 'scale') return (constants.format ?? []).map((format) => scaleTypes[format])
  if (type === 'activation') return (constants.precision ?? []).map((precision) => activationTypes[precision])
  if (type === 'weight') return (constants.type ?? []) as readonly ConcreteType[]
  return [type]
}

/** The constant that decides the type of an element, or undefined. */
export function decidingConstant(type: ElementType): 'format' | 'type' | 'precision' | undefined {
  return type === 'scale' ? 'format' : type === 'weight' ? 'type' : type === 'activation' ? 'precision' : undefined
}
