import { expect, test } from 'vitest'
import { ropeKvAppend } from '../src/manifest/index.js'
import { RopeError, type RopeOptions, ropeFrequencies, ropeRotations } from '../src/rope.js'
import { call } from './support/call.js'
import { worstError } from './support/compare.js'
import { fixture } from './support/fixture.js'

const llama3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
}

test('frequencies are theta^(-2i / headDim)', () => {
  const frequencies = ropeFrequencies({ headDim: 8, theta: 10000 })
  expect(frequencies.length).toBe(4)
  for (const [i, expected] of [1, 0.1, 0.01, 0.001].entries()) expect(frequencies[i]).toBeCloseTo(expected, 15)
})

test('linear scaling divides them all', () => {
  const plain = ropeFrequencies({ headDim: 64, theta: 10000 })
  expect(ropeFrequencies({ headDim: 64, theta: 10000, scaling: { type: 'linear', factor: 4 } })).toEqual(
    plain.map((x) => x / 4),
  )
  expect(ropeFrequencies({ headDim: 64, theta: 10000, scaling: { rope_type: 'default' } })).toEqual(plain)
  expect(ropeFrequencies({ headDim: 64, theta: 10000, scaling: null })).toEqual(plain)
})

test('llama3 scaling keeps short waves, divides long ones, and is continuous between', () => {
  const plain = ropeFrequencies({ headDim: 128, theta: 500000 })
  const scaled = ropeFrequencies({ headDim: 128, theta: 500000, scaling: llama3 })
  let between = 0
  for (const [i, frequency] of plain.entries()) {
    const wavelength = (2 * Math.PI) / frequency
    if (wavelength < 8192 / 4) expect(scaled[i]).toBe(frequency)
    else if (wavelength > 8192) expect(scaled[i]).toBe(frequency / 8)
    else {
      between++
      expect(scaled[i]).toBeGreaterThan(frequency / 8)
      expect(scaled[i]).toBeLessThan(frequency)
    }
    if (i > 0) expect(scaled[i]).toBeLessThan(scaled[i - 1])
  }
  expect(between).toBeGreaterThan(2)
})

test('rotations are cosine and sine of position * frequency, times the attention factor', () => {
  const table = ropeRotations(Float64Array.of(1, 0.5), 3, 2)
  const expected = [0, 1, 2].flatMap((p) => [p, p / 2].flatMap((angle) => [2 * Math.cos(angle), 2 * Math.sin(angle)]))
  expect(table).toEqual(Float32Array.from(expected))
})

test.each<[string, RopeOptions, string]>([
  [
    'an unknown type',
    { headDim: 8, theta: 1e4, scaling: { rope_type: 'yarn', factor: 2 } },
    `rope_type 'default', 'linear' or 'llama3', got "yarn"`,
  ],
  [
    'a missing factor',
    { headDim: 8, theta: 1e4, scaling: { rope_type: 'linear' } },
    'factor to be a positive number, got undefined',
  ],
  [
    'a missing length',
    { headDim: 8, theta: 1e4, scaling: { ...llama3, original_max_position_embeddings: 0 } },
    'original_max_position_embeddings',
  ],
  [
    'crossed factors',
    { headDim: 8, theta: 1e4, scaling: { ...llama3, high_freq_factor: 1 } },
    'high_freq_factor above low_freq_factor (1), got 1',
  ],
  ['an odd head', { headDim: 7, theta: 1e4 }, 'an even headDim of at least 2, got 7'],
  ['no theta', { headDim: 8, theta: 0 }, 'a positive theta, got 0'],
  [
    'part of a head',
    { headDim: 8, theta: 1e4, scaling: { partial_rotary_factor: 0.5 } },
    'partial_rotary_factor 1, got 0.5',
  ],
])('%s is refused', (_, options, message) => {
  expect(() => ropeFrequencies(options)).toThrow(RopeError)
  expect(() => ropeFrequencies(options)).toThrow(message)
})

test('a table needs positions', () => {
  expect(() => ropeRotations(Float64Array.of(1), 0)).toThrow(RopeError)
})

/** The rotated part of each head of `[rows, heads * headDim]`. */
function rotatedPart(values: ArrayLike<number>, headDim: number, width: number): Float32Array {
  return Float32Array.from(values).filter((_, i) => i % headDim < width)
}

/** The fixtures rotate the first part of each head only, as a head of that width would be. */
async function checkGolden(
  golden: { numbers(name: string): ArrayLike<number> },
  heads: number,
  headDim: number,
  options: RopeOptions,
) {
  const positions = Uint32Array.from(golden.numbers('positions'))
  const maxPositions = Math.max(...positions) + 1
  const rotations = ropeRotations(ropeFrequencies(options), maxPositions)
  const width = options.headDim
  for (const [name, count] of [
    ['q', heads],
    ['k', heads / 2],
  ] as const) {
    const input = rotatedPart(golden.numbers(`${name}_in`), headDim, width)
    const expected = rotatedPart(golden.numbers(`${name}_out`), headDim, width)
    const m = positions.length
    // Queries `count` heads, one kv head of zeros.
    const qkv = new Float32Array(m * (count + 2) * width)
    for (let row = 0; row < m; row++)
      qkv.set(input.subarray(row * count * width, (row + 1) * count * width), row * (count + 2) * width)
    const queries = new Float32Array(m * count * width)
    const pool = new Uint16Array(maxPositions * width)
    await call(ropeKvAppend, {
      problem: {
        m,
        heads: count,
        kvHeads: 1,
        headDim: width,
        maxPositions,
        blockSize: maxPositions,
        tableStride: 0,
        maxBlocks: 1,
        poolBlocks: 1,
        epsilon: 0,
      },
      args: { qkv, rotations, positions, blockTable: new Uint32Array(1), keys: pool, values: pool.slice(), queries },
    })
    expect(worstError(queries, expected)).toBeLessThan(1e-5)
  }
  return rotations
}

fixture('rope_f32_pos_short', async (golden) => {
  await checkGolden(golden, 4, 64, { headDim: 32, theta: 10000 })
})

fixture('long_rope_llama3_neox_f32_bands', async (golden) => {
  const scaling = {
    rope_type: 'llama3',
    factor: 4,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 32,
  }
  const options = { headDim: 16, theta: 10000, scaling }
  await checkGolden(golden, 2, 24, options)
  // Its table is [128, 16]: 8 cosines, then 8 sines.
  const table = ropeRotations(ropeFrequencies(options), 128)
  const rearranged = Float32Array.from(table, (_, i) => table[i - (i % 16) + (i % 8) * 2 + (i % 16 < 8 ? 0 : 1)])
  expect(worstError(rearranged, golden.numbers('cos_sin_cache'))).toBeLessThan(1e-5)
})
