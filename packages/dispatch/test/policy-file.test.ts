/** Policies as files: what is written is read back, strangers are told what is wrong, and selection and explanation use them. */
import { createDevice } from '@metal-fp4/metal-core'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type DevicePolicy,
  type PolicyRule,
  addPolicy,
  explain,
  libraryFor,
  parsePolicy,
  policies,
  policyFor,
  policyJson,
  profileOf,
  profileOfLibrary,
  recordMatmul,
  scratchForMatmul,
  selectKernel,
  uploadFp4,
} from '../src/index.js'
import { tensor } from './support.js'

const sweep = 'bench tune --threads 2: at M = 2 to 8 gemm_fp4 rows8 takes 0.90 (95 % interval 0.88 to 0.92) of the time'
const margin = { ratio: 0.9, low: 0.88, high: 0.92 }
const swept = { kind: 'swept', device: 'Test CPU', date: '2026-01-31', sweep, margin } as const

const tuned: DevicePolicy = {
  name: 'test-cpu',
  backend: 'cpu',
  device: 'Test CPU',
  provenance: {
    device: 'Test CPU',
    threads: 2,
    date: '2026-01-31',
    command: 'bench tune --threads 2',
    fallback: 'cpu',
    margin,
  },
  fp4: [
    { maxM: 1, kernel: 'gemv_fp4', constants: { rows: 'four' }, source: { kind: 'default', why: 'a test' } },
    { maxM: 8, kernel: 'gemm_fp4', tile: 'rows8', formats: ['fp4'], source: swept },
    { maxM: 8, kernel: 'gemv_fp4', source: { kind: 'constraint', why: 'a test' } },
    { maxM: null, kernel: 'gemm_fp4', tile: 'panel', source: swept },
  ],
  dense: [{ maxM: null, kernel: 'gemm_dense', source: swept }],
  split: { threadgroups: 64, columns: 64, leastK: 256, mostSplits: 4, source: swept },
}

const profile = { backend: 'cpu', name: 'Test CPU', gigabytesPerSecond: 40 } as const
const shape = { n: 256, k: 512 } as const

describe('policy files', () => {
  it('are read back as they were written', () => {
    expect(parsePolicy(JSON.parse(policyJson(tuned)))).toEqual(tuned)
    for (const policy of policies) expect(parsePolicy(JSON.parse(policyJson(policy)))).toEqual(policy)
  })

  const changed = (change: (file: Record<string, never>) => void): unknown => {
    const file = JSON.parse(policyJson(tuned)) as Record<string, never>
    change(file)
    return file
  }
  it.each<[string, unknown]>([
    ['it of x.json to be an object, got []', []],
    ['version of x.json to be 1, got 2', changed((file) => Object.assign(file, { version: 2 }))],
    [
      'backend of x.json to be one of cpu, metal, cuda, got "tpu"',
      changed((file) => Object.assign(file, { backend: 'tpu' })),
    ],
    ['fp4 of x.json to be a list with an entry, got []', changed((file) => Object.assign(file, { fp4: [] }))],
    [
      'fp4[0].maxM of x.json to be a positive integer, got 0.5',
      changed((file) => Object.assign(file.fp4[0], { maxM: 0.5 })),
    ],
    ['fp4[1].kernel of x.json to be one of', changed((file) => Object.assign(file.fp4[1], { kernel: 'rm' }))],
    [
      'fp4[0].constants.rows of x.json to be one of one, two, four, eight, got 4',
      changed((file) => Object.assign(file.fp4[0], { constants: { rows: 4 } })),
    ],
    [
      'fp4[0].constants of x.json to have only rows, got "format"',
      changed((file) => Object.assign(file.fp4[0], { constants: { rows: 'four', format: 'mxfp4' } })),
    ],
    [
      'fp4[0].constants of x.json to have only rows, got "precision"',
      changed((file) => Object.assign(file.fp4[0], { constants: { precision: 'int8' } })),
    ],
    [
      'fp4[1].constants of x.json to be left out for gemm_fp4, got {"rows":"eight"}',
      changed((file) => Object.assign(file.fp4[1], { constants: { rows: 'eight' } })),
    ],
    [
      "fp4[2].maxM of x.json to be at most 4 for rows 'four', got 8",
      changed((file) => Object.assign(file.fp4[2], { constants: { rows: 'four' } })),
    ],
    [
      "fp4[3].maxM of x.json to be at most 1 for rows 'one', got null",
      changed((file) =>
        Object.assign(file.fp4[3], { kernel: 'gemv_fp4', tile: undefined, constants: { rows: 'one' } }),
      ),
    ],
    [
      'fp4[1].maxM of x.json to be no less than that of the rule before it, got 8',
      changed((file) => Object.assign(file.fp4[0], { maxM: 9, constants: undefined })),
    ],
    [
      'fp4[3].tile of x.json to be rows8 or panel, got none',
      changed((file) => Reflect.deleteProperty(file.fp4[3], 'tile')),
    ],
    [
      'fp4[0].tile of x.json to be left out for gemv_fp4, got "panel"',
      changed((file) => Object.assign(file.fp4[0], { tile: 'panel' })),
    ],
    ['dense[0].kernel of x.json to be one of', changed((file) => Object.assign(file.dense[0], { kernel: 'gemm_fp4' }))],
    [
      'fp4[1].formats[0] of x.json to be one of fp4, mxfp4, nvfp4, got "mxpf4"',
      changed((file) => Object.assign(file.fp4[1], { formats: ['mxpf4'] })),
    ],
    // On a GPU the tiles add in another order than the GEMV.
    [
      'fp4 of x.json to keep the order of operations of fp4 from M = 1 to M = 2, columns64/blocks/1, then columns64/tiles/1, got "columns64/tiles/1"',
      changed((file) =>
        Object.assign(file, {
          backend: 'metal',
          fp4: [
            { maxM: 1, kernel: 'gemv_fp4', source: swept },
            { maxM: null, kernel: 'gemm_fp4', tile: 'rows8', source: swept },
          ],
        }),
      ),
    ],
    [
      'fp4 of x.json to keep the order of operations of nvfp4 from M = 1 to M = 5, columns64/split/1 in 2, then columns64/1, got "columns64/1"',
      changed((file) =>
        Object.assign(file, {
          fp4: [
            { maxM: 4, kernel: 'gemv_fp4_partial', formats: ['nvfp4'], source: swept },
            { maxM: null, kernel: 'gemm_fp4', tile: 'rows8', source: swept },
          ],
        }),
      ),
    ],
    [
      'dense of x.json to keep the order of operations of f32 from M = 1 to M = 2, rows/lanes/1, then rows/tiles/1, got "rows/tiles/1"',
      changed((file) =>
        Object.assign(file, {
          backend: 'metal',
          fp4: [{ maxM: null, kernel: 'gemm_fp4', tile: 'rows8', source: swept }],
          dense: [
            { maxM: 1, kernel: 'gemv_dense', source: swept },
            { maxM: null, kernel: 'gemm_dense', source: swept },
          ],
        }),
      ),
    ],
    [
      'fp4[1].precision of x.json to be one of float32, int8, got "in8"',
      changed((file) => Object.assign(file.fp4[1], { precision: 'in8' })),
    ],
    [
      'dense[0].precision of x.json to be one of float32, got "int8"',
      changed((file) => Object.assign(file.dense[0], { precision: 'int8' })),
    ],
    // A kernel that adds in another order for one of the precisions alone.
    [
      'fp4 of x.json to keep the order of operations of fp4 from M = 1 to M = 5, columns64/split/1 in 2, then columns64/1, got "columns64/1"',
      changed((file) =>
        Object.assign(file, {
          fp4: [
            { maxM: 4, kernel: 'gemv_fp4_partial', precision: 'float32', source: swept },
            { maxM: null, kernel: 'gemm_fp4', tile: 'rows8', source: swept },
          ],
        }),
      ),
    ],
    [
      'fp4 of x.json to have a rule for any number of rows of fp4 in int8, maxM null, got none',
      changed((file) => Object.assign(file.fp4[3], { precision: 'float32' })),
    ],
    ['fp4[1] of x.json to have only', changed((file) => Object.assign(file.fp4[1], { minM: 4 }))],
    [
      'fp4[1].source.date of x.json to be a day',
      changed((file) => Object.assign((file.fp4[1] as { source: object }).source, { date: 'today' })),
    ],
    ['dense of x.json to be a list with an entry, got none', changed((file) => Reflect.deleteProperty(file, 'dense'))],
    [
      'split.columns of x.json to be a positive integer, got "64"',
      changed((file) => Object.assign(file.split, { columns: '64' })),
    ],
    [
      'provenance.margin.low of x.json to be a positive number, got null',
      changed((file) => Object.assign((file.provenance as { margin: object }).margin, { low: NaN })),
    ],
  ])('are refused: %s', (message, file) => {
    expect(() => parsePolicy(file, 'x.json')).toThrow(`[parsePolicy] expected ${message}`)
  })
})

describe('a policy that was added', () => {
  const removals: (() => void)[] = []
  const add = (policy: DevicePolicy): void => void removals.push(addPolicy(policy))
  afterEach(() => {
    for (const remove of removals.splice(0)) remove()
  })

  it('decides for its device and for no other, until it is taken away', () => {
    add(tuned)
    expect(policyFor(profile)).toBe(tuned)
    expect(policyFor({ ...profile, name: 'Another CPU' }).name).toBe('cpu')
    for (const remove of removals.splice(0)) remove()
    expect(policyFor(profile).name).toBe('cpu')
  })

  it('decides before those that were there, also before those for exactly this device', () => {
    add(tuned)
    const { device: _, ...everywhere } = tuned
    add({ ...everywhere, name: 'newest' })
    expect(policyFor(profile).name).toBe('newest')
  })

  it('is for as many threads as it was measured with', () => {
    add(tuned)
    expect(policyFor({ ...profile, threads: 2 })).toBe(tuned)
    expect(policyFor({ ...profile, threads: 16 }).name).toBe('cpu')
  })

  it('decides what is recorded and how much scratch that needs, as explain says, without a profile being passed', async () => {
    using device = await createDevice({ backend: 'cpu', threads: 1 })
    const library = await libraryFor(device)
    const { name } = profileOfLibrary(library)
    const weights = await uploadFp4(device, tensor({ n: 64, k: 512, format: 'fp4' }))
    // Split in float32, where a split needs scratch and the usual choice does not.
    const spec = { m: 1, weights, precision: 'float32' } as const
    expect(scratchForMatmul(library, spec)).toBe(0)
    const split: DevicePolicy = {
      ...tuned,
      device: name,
      provenance: { ...tuned.provenance!, threads: 1 },
      fp4: [{ maxM: 8, kernel: 'gemv_fp4_partial', source: swept }],
    }
    add({ ...split, name: 'another', device: 'AMD EPYC, sse' })
    expect(scratchForMatmul(library, spec)).toBe(0)
    add(split)
    const byteLength = scratchForMatmul(library, spec)
    expect(byteLength).toBe(2 * 64 * 4)
    using graph = device.createGraph()
    const activations = device.createBuffer({ byteLength: 4 * 512 })
    const out = device.createBuffer({ byteLength: 4 * 64 })
    const scratch = device.createBuffer({ byteLength })
    const { policy, kernel } = recordMatmul(graph, library, { ...spec, activations, out, scratch })
    expect([policy, kernel]).toEqual(['test-cpu', 'gemv_fp4_partial'])
    const problem = { m: 1, n: 64, k: 512, format: 'fp4', precision: 'float32' } as const
    expect(explain(problem, profileOf(device.info)).choice).toMatchObject({ policy, kernel, scratchBytes: byteLength })
  })

  it('falls to its next rule where constants are not legal, and takes no constant that changes what is computed', () => {
    const rule = (constants: object): PolicyRule => ({ ...tuned.fp4[0], maxM: null, constants: constants as never })
    add({ ...tuned, fp4: [rule({ rows: 'one' }), rule({ rows: 'ten' }), ...tuned.fp4.slice(1)] })
    const choice = (m: number): unknown[] => {
      const { kernel, tile, constants } = selectKernel({ m, ...shape, format: 'fp4' }, profile)
      return [kernel, tile ?? constants.rows]
    }
    expect([choice(1), choice(4), choice(9)]).toEqual([
      ['gemv_fp4', 'one'],
      ['gemm_fp4', 'rows8'],
      ['gemm_fp4', 'panel'],
    ])
    add({ ...tuned, fp4: [rule({ rows: 'one', format: 'mxfp4', precision: 'float32' })] })
    expect(selectKernel({ m: 1, ...shape, format: 'fp4' }, profile).constants).toEqual({
      format: 'fp4',
      epilogue: 'none',
      precision: 'int8',
      rows: 'one',
    })
  })

  it('chooses by rows and format, and sets the constants of its rules', () => {
    add(tuned)
    const choice = (m: number, format: 'fp4' | 'nvfp4'): unknown[] => {
      const { kernel, tile, constants } = selectKernel({ m, ...shape, format }, profile)
      return [kernel, tile ?? constants.rows]
    }
    expect(choice(1, 'fp4')).toEqual(['gemv_fp4', 'four'])
    expect(choice(4, 'fp4')).toEqual(['gemm_fp4', 'rows8'])
    expect(choice(4, 'nvfp4')).toEqual(['gemv_fp4', 'four'])
    expect(choice(9, 'fp4')).toEqual(['gemm_fp4', 'panel'])
  })

  it('decides with a rule of one precision for products in it alone', () => {
    const [one, ...others] = tuned.fp4
    add({ ...tuned, fp4: [{ ...one, maxM: 1, constants: { rows: 'eight' }, precision: 'float32' }, one, ...others] })
    const rows = (precision: 'float32' | 'int8'): unknown =>
      selectKernel({ m: 1, ...shape, format: 'fp4', precision }, profile).constants.rows
    expect([rows('float32'), rows('int8')]).toEqual(['eight', 'four'])
    expect(selectKernel({ m: 1, ...shape, format: 'fp4' }, profile).constants.rows).toBe('four')
  })

  it('is cited by explain', () => {
    add(tuned)
    expect(explain({ m: 4, ...shape, format: 'fp4' }, profile).text).toContain(
      `why: M = 4 is at most 8 (policy 'test-cpu': swept on Test CPU, 2026-01-31: ${sweep})`,
    )
  })
})
