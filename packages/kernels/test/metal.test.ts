/** The Metal sources are well-formed, address spaces included, and are what the manifest says they are. */
import { describe, expect, test } from 'vitest'
import { metalParams } from '../scripts/generate/metal-params.js'
import { type KernelDefinition, decodeGemvFp4Wide, manifest } from '../src/index.js'
import { type ConcreteType, concreteTypes } from '../src/manifest/elements.js'
import { type Parameter, clang, metalSource, parametersOf, typeCheck } from './support/clang.js'

const metalTypes: Readonly<Record<ConcreteType, string>> = {
  f32: 'float',
  f16: 'half',
  bf16: 'bfloat',
  u32: 'uint',
  e8m0: 'uchar',
  e4m3: 'uchar',
}

/** How clang names the parameters that the manifest describes. */
function expectedParameters(definition: KernelDefinition): Parameter[] {
  const buffers = definition.args.map(({ name, type, access }) => ({
    name,
    type: `device ${metalTypes[concreteTypes(definition, type)[0]]}${access === 'read' ? ' const' : ''} *`,
  }))
  const reference = (name: string, type: string) => ({
    name,
    type: `const __attribute__((address_space(2))) ${type} &`,
  })
  const { problem, params } = definition
  if (params === 'struct') return [...buffers, reference('params', `${definition.name}_params`)]
  return [
    ...buffers,
    ...Object.entries(problem).map(([name, type]) => reference(name, type === 'u32' ? 'uint' : 'float')),
  ]
}

const withMetal = manifest.filter(({ launch }) => launch.metal !== undefined)

test('the manifest has Metal kernels', () => {
  expect(withMetal.map(({ name }) => name)).toEqual(['decode_gemv_fp4_wide', 'marlin_gemm_fp4'])
})

if (clang === undefined) {
  test.skip('Metal sources are type-checked (install clang-19)', () => undefined)
} else {
  describe.each(withMetal.map((definition) => [definition.name, definition] as const))('%s', (name, definition) => {
    const source = metalSource(name)

    test('type-checks', () => {
      expect(typeCheck(source)).toBe('')
    })

    test('has the arguments of the manifest: names, order, address spaces, element types, buffer indices', () => {
      const expected = expectedParameters(definition)
      expect(parametersOf(source, name).slice(0, expected.length)).toEqual(expected)
      const bound = [...source.matchAll(/(\w+) \[\[buffer\((\d+)\)\]\]/g)]
      expect(bound.map(([, argument, index]) => [argument, Number(index)])).toEqual(
        expected.map((parameter, i) => [parameter.name, i]),
      )
    })

    test('a planted mistake is found', () => {
      const planted = (from: string, to: string): string => {
        expect(source).toContain(from)
        return source.replace(from, to)
      }
      // A helper whose parameter has lost its address space cannot take what the kernel passes.
      expect(typeCheck(planted('(device const uint*', '(const uint*'))).toMatch(/no matching function|address space/)
      const withoutSpace = planted('device const half* A', 'const half* A')
      const parameters = typeCheck(withoutSpace) === '' ? parametersOf(withoutSpace, name) : []
      expect(parameters[0]).not.toEqual(expectedParameters(definition)[0])
      const swapped = planted('constant uint& M [[buffer(4)]]', 'constant uint& K [[buffer(4)]]').replace(
        'constant uint& K [[buffer(6)]]',
        'constant uint& M [[buffer(6)]]',
      )
      expect(parametersOf(swapped, name)).not.toEqual(parametersOf(source, name))
    })
  })

  test('a threadgroup pointer is no device pointer, and constants cannot be written', () => {
    const head = '#include <metal_stdlib>\nusing namespace metal;\n'
    const helper = `${head}static float first(device const float* x) { return x[0]; }\n`
    const kernelOf = (argument: string, body: string): string => `${helper}kernel void k(${argument}) { ${body} }\n`
    expect(typeCheck(kernelOf('device float* x', 'x[1] = first(x);'))).toBe('')
    expect(typeCheck(kernelOf('threadgroup float* x', 'x[1] = first(x);'))).toContain('no matching function')
    expect(typeCheck(kernelOf('constant uint& n', 'n = 1;'))).toContain('cannot assign')
  })

  test('the generated parameter structs are Metal', () => {
    expect(typeCheck(`#include <metal_stdlib>\nusing namespace metal;\n${metalParams(manifest)}`)).toBe('')
  })
}

test('a threadgroup of decode_gemv_fp4_wide covers 512 columns: 128 threads of 4', () => {
  expect(decodeGemvFp4Wide.launch.metal.threadgroup).toEqual([128, 1, 1])
  const source = metalSource('decode_gemv_fp4_wide')
  expect(source).toContain('constant constexpr uint tile_n = 512;')
  expect(source).toContain('constant constexpr uint columns_per_thread = 4;')
})
