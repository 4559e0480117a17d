import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { reference } from '../scripts/generate/reference.js'
import * as exported from '../src/manifest/index.js'
import { type KernelDefinition, gemvFp4, manifest, oracles, ropeKvAppend } from '../src/index.js'
import { concreteTypes, elementBytes } from '../src/manifest/elements.js'
import { gridFor, parse, resolveKernel } from '../src/manifest/resolve.js'
import type { ArgumentsOf, ConstantsOf, OracleInputs, OracleResults, ProblemOf } from '../src/manifest/views.js'

const camelCase = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
const unique = (names: readonly string[]): boolean => new Set(names).size === names.length

describe.each(manifest.map((definition) => [definition.name, definition] as const))('%s', (name, definition) => {
  test('names are distinct and mean something', () => {
    const argumentNames = definition.args.map((argument) => argument.name)
    const scalars = Object.keys(definition.problem)
    const constants = Object.keys(definition.constants)
    expect(name).toMatch(/^[a-z]\w*$/)
    expect(unique(argumentNames) && unique([...scalars, ...constants])).toBe(true)
    for (const identifier of [...argumentNames, ...scalars, ...constants]) expect(identifier).toMatch(/^[A-Za-z]\w*$/)
    for (const values of Object.values(definition.constants)) {
      expect(values.length).toBeGreaterThan(1)
      expect(unique(values)).toBe(true)
    }
  })

  test('it is exported, and has an oracle, by its name', () => {
    expect((exported as Record<string, unknown>)[camelCase(name)]).toBe(definition)
    expect((oracles as Record<string, unknown>)[camelCase(name)]).toBeTypeOf('function')
    expect(existsSync(new URL(`${name}.test.ts`, import.meta.url))).toBe(true)
  })

  test('every expression can be parsed, and every element type is decided', () => {
    const parsed = parse(definition)
    expect(parsed.counts.length).toBe(definition.args.length)
    for (const { type } of definition.args) expect(concreteTypes(definition, type).every(Boolean)).toBe(true)
    expect(definition.args.some(({ access }) => access !== 'read')).toBe(true)
  })

  test('arguments are aligned to a power of two that elements fit in, and may be only what has the same size', () => {
    const { args } = resolveKernel(definition, smallProblem(definition))
    for (const { alignment, type, bytes, definition: argument } of args) {
      expect(Math.log2(alignment) % 1).toBe(0)
      expect(alignment % elementBytes[type]).toBe(0)
      if (argument.mayAlias === undefined) continue
      const other = args.find((candidate) => candidate.definition.name === argument.mayAlias)
      expect([argument.access, other?.definition.type]).toEqual(['read', argument.type])
      if (other !== undefined && bytes > 0) expect(other.bytes).toBe(bytes)
    }
  })

  test('it runs on a CPU, in one-thread threadgroups or those of its contract', () => {
    const launch = definition.launch.cpu
    expect(launch).toBeDefined()
    expect(launch?.threadgroup.every((size) => Number.isInteger(size) && size >= 1)).toBe(true)
  })

  test('some small problem is legal, with a grid; no problem of zeros is', () => {
    const problem = smallProblem(definition)
    const { args } = resolveKernel(definition, problem)
    for (const argument of args) expect(argument.count).toBeGreaterThanOrEqual(argument.bound ? 1 : 0)
    expect(gridFor(definition, 'cpu', problem).every((size) => size >= 1)).toBe(true)
    const zeros = Object.fromEntries(Object.keys(definition.problem).map((field) => [field, 0]))
    expect(() => resolveKernel(definition, zeros)).toThrow(`[${name}] expected`)
  })
})

/** Every scalar 16, which every kernel's constraints allow, apart from numbers that may not exceed others. */
function smallProblem(definition: KernelDefinition): Record<string, number> {
  const small: Record<string, number> = { m: 1, kvHeads: 4, topK: 2 }
  return Object.fromEntries(Object.keys(definition.problem).map((name) => [name, small[name] ?? 16]))
}

test('names of kernels are distinct', () => {
  expect(unique(manifest.map(({ name }) => name))).toBe(true)
})

test('kernels that share an order id differ in how work is cut up only: they have the same arguments', () => {
  expect(exported.gemmFp4.args).toBe(gemvFp4.args)
  expect(exported.gemmDense.args).toBe(exported.gemvDense.args)
})

test('docs/kernels.md is up to date (tsx --conditions=@metal-fp4/source scripts/generate.ts)', () => {
  expect(readFileSync(new URL('../docs/kernels.md', import.meta.url), 'utf8')).toBe(reference(manifest))
})

test('weights in the packing orders of decoding are aligned to 16 bytes, those of the baselines to their elements', () => {
  for (const { args } of manifest) {
    for (const { packing, alignment } of args) {
      if (packing !== undefined) expect(alignment).toBe(packing === 'kn' ? undefined : '16')
    }
  }
})

test('types follow from a definition', () => {
  expectTypeOf<ProblemOf<typeof gemvFp4>>().toEqualTypeOf<{
    readonly m: number
    readonly n: number
    readonly k: number
    readonly groupSize: number
  }>()
  expectTypeOf<ConstantsOf<typeof gemvFp4>>().toEqualTypeOf<{
    readonly format?: 'fp4' | 'mxfp4' | 'nvfp4'
    readonly epilogue?: 'none' | 'add' | 'swiglu'
    readonly rows?: 'eight' | 'one' | 'two' | 'four'
    readonly precision?: 'float32' | 'int8'
  }>()
  expectTypeOf<ArgumentsOf<typeof gemvFp4, string>>().toEqualTypeOf<{
    readonly activations: string
    readonly codes: string
    readonly scales: string
    readonly out: string
    readonly columnScales?: string | null
    readonly residual?: string | null
  }>()
  expectTypeOf<OracleInputs<typeof gemvFp4>['codes']>().toEqualTypeOf<Uint32Array>()
  expectTypeOf<OracleInputs<typeof gemvFp4>>().not.toHaveProperty('out')
  expectTypeOf<OracleResults<typeof gemvFp4>>().toEqualTypeOf<{ readonly out: Float64Array }>()
  expectTypeOf<OracleResults<typeof ropeKvAppend>>().toEqualTypeOf<{
    readonly keys: Float64Array
    readonly values: Float64Array
    readonly queries: Float64Array
  }>()
  expectTypeOf<ArgumentsOf<KernelDefinition, string>>().toEqualTypeOf<Readonly<Record<string, string | null>>>()
})
