/** The Metal sources are well-formed, address spaces included, and are what the manifest says they are. */
import { type ParameterInfo, compile } from '@metal-fp4/metal-sim'
import { beforeAll, describe, expect, test } from 'vitest'
import { type KernelDefinition, decodeGemvFp4Wide, manifest } from '../src/index.js'
import { type ConcreteType, concreteTypes } from '../src/manifest/elements.js'
import { canSimulate, compileTimeout, programOf, sourceOf } from './support/simulate.js'

const metalTypes: Readonly<Record<ConcreteType, string>> = {
  f32: 'float',
  f16: 'half',
  bf16: 'bfloat',
  u32: 'uint',
  e8m0: 'uchar',
  e4m3: 'uchar',
}

/** The buffers that a kernel's source declares, by the manifest: where an element's type depends on a constant, its bytes. */
function expectedBuffers(definition: KernelDefinition): Omit<ParameterInfo, 'kind' | 'condition'>[] {
  const { name, args, problem, params, failures = [] } = definition
  const buffers = args.map((argument) => {
    // Of the precisions GPUs know the first only.
    const all = concreteTypes(definition, argument.type)
    const types = argument.type === 'activation' ? all.slice(0, 1) : all
    const element = types.length > 1 ? 'uchar' : metalTypes[types[0]]
    return [argument.name, `device ${argument.access === 'read' ? 'const ' : ''}${element}*`]
  })
  const values =
    params === 'struct'
      ? [['params', `constant ${name}_params&`]]
      : Object.entries(problem).map(([field, type]) => [field, `constant ${type === 'u32' ? 'uint' : 'float'}&`])
  const status = failures.length > 0 ? [['status', 'device atomic_uint*']] : []
  return [...buffers, ...values, ...status].map(([parameter, type], index) => ({ name: parameter, type, index }))
}

const withMetal = manifest.filter(({ launch }) => launch.metal !== undefined)

test('every kernel has a Metal source, but for what precision int8 needs', () => {
  const names = manifest.map(({ name }) => name).filter((name) => name !== 'quantize_rows_int8')
  expect(withMetal.map(({ name }) => name)).toEqual(names)
})

test('a Metal threadgroup is one thread, or whole simdgroups of at most 1024 threads', () => {
  for (const { name, launch } of withMetal) {
    const threads = (launch.metal?.threadgroup ?? []).reduce((product, size) => product * size, 1)
    expect([name, threads === 1 || threads % 32 === 0, threads <= 1024]).toEqual([name, true, true])
  }
})

test('a Metal pipeline is made for the threads that are launched: the compiler keeps to registers for so many', () => {
  for (const definition of withMetal) {
    const threads = (definition.launch.metal?.threadgroup ?? []).reduce((product, size) => product * size, 1)
    const attribute = `[[max_total_threads_per_threadgroup(${threads})]]\nkernel void ${definition.name}(`
    expect([definition.name, sourceOf(definition).includes(attribute)]).toEqual([definition.name, true])
  }
})

test('messages of failures speak of two words at most', () => {
  for (const { failures = [] } of manifest) {
    for (const text of failures) expect(text.replaceAll(/\{[01]\}/g, '')).not.toMatch(/[{}]/)
  }
})

if (!canSimulate) {
  test.skip('Metal sources compile (install clang-19)', () => undefined)
} else {
  describe.each(withMetal.map((definition) => [definition.name, definition] as const))('%s', (name, definition) => {
    beforeAll(() => programOf(definition), compileTimeout)

    test('compiles, and has the arguments of the manifest: names, indices, address spaces, element types', async () => {
      const { kernels, constants, diagnostics } = await programOf(definition)
      expect(diagnostics).toEqual([])
      const kernel = kernels.find((one) => one.name === name)
      const buffers = kernel?.parameters.filter(({ kind }) => kind === 'buffer') ?? []
      expect(buffers.map(({ name: parameter, type, index }) => ({ name: parameter, type, index }))).toEqual(
        expectedBuffers(definition),
      )
      // What a constant may turn off is declared under a condition, or the kernel could not be encoded without it.
      for (const [i, { when }] of definition.args.entries()) {
        const byConstant = Object.keys(definition.constants).some((constant) => when?.includes(constant))
        expect([name, buffers[i].name, buffers[i].condition !== null]).toEqual([
          name,
          definition.args[i].name,
          byConstant,
        ])
      }
      for (const { index } of constants) expect(index).toBeLessThan(4)
    })
  })

  test('what the manifest says is compared with the source', async () => {
    const source = sourceOf(decodeGemvFp4Wide)
    const swapped = source
      .replace('constant uint& M [[buffer(4)]]', 'constant uint& K [[buffer(4)]]')
      .replace('constant uint& K [[buffer(6)]]', 'constant uint& M [[buffer(6)]]')
    expect(swapped).not.toBe(source)
    const { kernels } = await compile(swapped)
    const buffers = kernels[0].parameters.filter(({ kind }) => kind === 'buffer')
    expect(buffers.map(({ name }) => name)).not.toEqual(expectedBuffers(decodeGemvFp4Wide).map(({ name }) => name))
  })
}

test('a threadgroup of decode_gemv_fp4_wide covers 512 columns: 128 threads of 4', () => {
  expect(decodeGemvFp4Wide.launch.metal.threadgroup).toEqual([128, 1, 1])
  const source = sourceOf(decodeGemvFp4Wide)
  expect(source).toContain('constant constexpr uint tile_n = 512;')
  expect(source).toContain('constant constexpr uint columns_per_thread = 4;')
})
