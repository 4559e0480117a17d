/** The packer as a benchmark: rows of every format and rule, once, whatever the number of threads. */
import { runSuites } from '@metal-fp4/bench'
import { createDevice } from '@metal-fp4/metal-core'
import { expect, it } from 'vitest'
import { pack } from '../bench/pack.js'

const options = {
  suites: [pack],
  filter: { shapes: [{ n: 64, k: 256 }] },
  samples: 2,
  timeMs: 0,
  attempts: 1,
  roofBytes: 2 ** 20,
}

it('times each format and rule on one thread', async () => {
  using device = await createDevice({ backend: 'cpu', threads: 1 })
  const { rows, failures } = await runSuites({ device, ...options })
  expect(failures).toEqual([])
  expect(rows.map(({ format, variant }) => `${format} ${variant}`)).toEqual(
    ['fp4', 'mxfp4', 'nvfp4'].flatMap((format) => [`${format} absmax`, `${format} mse`]),
  )
  for (const row of rows) {
    expect(row.weightsPerSecond).toBeCloseTo((64 * 256 * 1e9) / row.medianNs, 3)
    expect(row.bytes).toBeGreaterThan(64 * 256 * 4.5)
  }
})

it('says nothing again for more threads', async () => {
  using device = await createDevice({ backend: 'cpu', threads: 2 })
  if (device.info.threads === 1) return
  expect((await runSuites({ device, ...options })).rows).toEqual([])
})
