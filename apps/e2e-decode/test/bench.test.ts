/** The benchmark suites: that they run and say what they must. How fast it is, no test asserts. */
import { runSuites } from '@metal-fp4/bench'
import { createDevice } from '@metal-fp4/metal-core'
import { expect, it } from 'vitest'
import { decode, prefill } from '../bench/index.js'

it('decode and prefill give rows with tokens a second, for the default model and a geometry', async () => {
  using device = await createDevice({ backend: 'cpu' })
  const filter = { formats: ['fp4'], m: [1, 9] }
  const { rows, failures } = await runSuites({
    device,
    suites: [decode, prefill],
    filter,
    samples: 1,
    attempts: 1,
    timeMs: 1,
    roofBytes: 1024 * 1024,
  })
  expect(failures).toEqual([])
  expect(rows.map(({ suite, variant, m }) => [suite, variant, m])).toEqual([
    ['decode', 'stories', 1],
    ['decode', 'qwen3-0.6b', 1],
    ['prefill', 'stories', 9],
    ['prefill', 'qwen3-0.6b', 9],
  ])
  for (const row of rows) {
    expect(row.tokensPerSecond).toBeCloseTo((row.m * 1e9) / row.medianNs, 6)
    expect(row).toMatchObject({ format: 'fp4', precision: 'int8', threads: device.info.threads })
    expect(row.bytes).toBeGreaterThan(1e6)
  }
  // The default model stays in a cache: no share of the memory's roof is claimed for it.
  for (const [stories, geometry] of [rows.slice(0, 2), rows.slice(2)]) {
    expect(stories).toMatchObject({ cached: true, percentOfRoof: null })
    expect(geometry.percentOfRoof).toBeGreaterThan(0)
    expect(geometry).not.toHaveProperty('cached')
  }
  // 0.44 G projection weights and the output matrix at 4.125 bits, norms in float32.
  expect(rows[1].bytes / 1e6).toBeCloseTo(244, -1)
})
