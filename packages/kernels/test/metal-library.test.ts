/** All Metal kernels as one source: what a device compiles. */
import { compile } from '@metal-fp4/metal-sim'
import { describe, expect, test } from 'vitest'
import { metalLibrary } from '../scripts/generate/metal-library.js'
import { readMetalSource } from '../scripts/generate/metal-sources.js'
import {
  type KernelDefinition,
  decodeGemvFp4Wide,
  describeKernel,
  gemvFp4,
  kernelLibraryFor,
  manifest,
} from '../src/index.js'
import { canSimulate, compileTimeout } from './support/simulate.js'

const names = manifest.filter(({ launch }) => launch.metal !== undefined).map(({ name }) => name)

/** Definitions of which the flattener looks at the name only. */
function kernelsOf(...kernels: string[]): KernelDefinition[] {
  return kernels.map((name) => ({ ...decodeGemvFp4Wide, name }))
}

describe('flattening', () => {
  const files: Readonly<Record<string, string>> = {
    'a.metal': '#include <metal_stdlib>\n#include "y.h"\nkernel a\n',
    'b.metal': '  #  include "x.h"\n#include "y.h"\nkernel b',
    'x.h': 'x\n',
    'y.h': '#include "x.h"\ny\n',
    'circle.metal': '#include "circle.h"\n',
    'circle.h': '#include "circle.metal"\n',
  }
  const read = (name: string): string => files[name]

  test('puts each local header once, where it is first included, and keeps lines', () => {
    expect(metalLibrary(kernelsOf('a', 'b'), read).split('\n').slice(1)).toEqual([
      '#pragma STDC FP_CONTRACT OFF',
      '#line 1 "a.metal"',
      '#include <metal_stdlib>',
      '#line 1 "y.h"',
      '#line 1 "x.h"',
      'x',
      '#line 2 "y.h"',
      'y',
      '#line 3 "a.metal"',
      'kernel a',
      '#line 1 "b.metal"',
      '#line 2 "b.metal"',
      '#line 3 "b.metal"',
      'kernel b',
      '',
    ])
  })

  test('refuses headers that include one another', () => {
    expect(() => metalLibrary(kernelsOf('circle'), read)).toThrow('[metal-library] circle.metal includes itself')
  })

  test('leaves out kernels without a Metal launch', () => {
    expect(metalLibrary([{ ...decodeGemvFp4Wide, name: 'a', launch: {} }], read)).not.toContain('kernel a')
  })
})

describe('the library of a Metal device', () => {
  const library = kernelLibraryFor({ backend: 'metal' })
  if (library.kind !== 'metal') throw new Error(`expected a Metal source, got ${library.kind}`)

  test('is the source of today, needs no search path, and holds every kernel', () => {
    expect(
      library.source === metalLibrary(manifest, readMetalSource),
      'build the package: its sources have changed',
    ).toBe(true)
    expect(library.source).not.toMatch(/#\s*include\s*"/)
    for (const name of names) expect(library.source).toMatch(new RegExp(`kernel void ${name}\\(`))
    expect(library.kernels?.map(({ name }) => name)).toEqual(names)
  })

  if (canSimulate) {
    test('compiles as one translation unit', { timeout: compileTimeout }, async () => {
      const { kernels, diagnostics } = await compile(library.source, { name: 'kernels.metal', mode: 'fast' })
      expect(diagnostics).toEqual([])
      expect(kernels.map(({ name }) => name)).toEqual(names)
    })
  } else test.skip('it compiles as one translation unit (install clang-19)', () => undefined)
})

describe('the description of a kernel', () => {
  test('has arguments in the order of their indices, the parameters last, and constants', () => {
    const { arguments: args, constants, failures } = describeKernel(gemvFp4)
    expect(args.map(({ name }) => name)).toEqual([...gemvFp4.args.map(({ name }) => name), 'params'])
    const value = { access: 'value', alignment: 4, valueBytes: 16, optional: false }
    expect(args.at(-1)).toEqual({ name: 'params', ...value })
    expect(args[1]).toEqual({ name: 'codes', access: 'read', alignment: 16, valueBytes: 0, optional: false })
    expect(args[4]).toEqual({
      name: 'residual',
      access: 'read',
      alignment: 4,
      valueBytes: 0,
      optional: true,
      mayAlias: 'out',
    })
    expect(constants).toEqual([
      { name: 'format', defaultValue: 0, maxValue: 2 },
      { name: 'epilogue', defaultValue: 0, maxValue: 2 },
      { name: 'rows', defaultValue: 0, maxValue: 3 },
      { name: 'precision', defaultValue: 0, maxValue: 1 },
    ])
    expect(failures).toEqual([])
  })

  test('gives each number of a baseline its own argument', () => {
    const { arguments: args } = describeKernel(decodeGemvFp4Wide)
    expect(args.slice(4).map(({ name, valueBytes }) => [name, valueBytes])).toEqual(
      ['M', 'N', 'K', 'group_size'].map((name) => [name, 4]),
    )
    expect(args.slice(0, 4).map(({ alignment }) => alignment)).toEqual([2, 4, 2, 2])
  })
})
