/** A small report with every kind of row, made up: for pages and comparisons, of which no test looks at the speed. */
import type { BenchReport, BenchRow } from '../../src/index.js'
import { type RowSetting, makeRow, profileFields } from '../../src/rows.js'

const run = (): Promise<never> => Promise.reject(new Error('not run'))

/** Fifteen samples within 2 % of a middle, in nanoseconds. */
function around(middle: number): number[] {
  return Array.from({ length: 15 }, (_, i) => middle * (1 + ((((i * 7) % 15) - 7) / 7) * 0.02))
}

function setting(suite: string, threads: number, more: Partial<BenchRow> = {}): RowSetting {
  const roof = threads === 1 ? 40 : 46
  return {
    suite,
    device: 'Test CPU',
    threads,
    roofGigabytesPerSecond: roof,
    more: { roofSamples: [roof, roof], ...more },
  }
}

const gemv: BenchRow[] = [1, 2].flatMap((threads) =>
  [1, 2, 4, 8].map((m) => {
    const shape = { m, n: 4096, k: 4096, bytes: 8_700_000 + 32_768 * m, operations: 33_554_432 * m }
    const one = { kernel: 'gemv_fp4', format: 'fp4', precision: 'float32', ...shape, run }
    const times: Readonly<Record<number, number>> = { 1: 300_000, 2: 400_000, 4: 700_000, 8: 1_200_000 }
    return makeRow(one, around(times[m] / threads ** 0.2), setting('gemv', threads))
  }),
)

const step: BenchRow = makeRow(
  {
    kernel: 'decode',
    variant: 'qwen3-0.6b',
    format: 'mxfp4',
    precision: 'float32',
    m: 1,
    n: 32_000,
    k: 1024,
    bytes: 252e6,
    operations: 9e8,
    tokens: 1,
    run,
  },
  around(10e6),
  setting(
    'decode',
    1,
    profileFields({
      parts: [
        { kernel: 'gemv_fp4', calls: 113, durationNs: 7.5e6 },
        { kernel: 'attention_decode', calls: 28, durationNs: 0.5e6 },
      ],
      outsideKernelsNs: 2e6,
    }),
  ),
)

const race: BenchRow[] = (['metal-fp4', 'node-llama-cpp 3.22.1'] as const).map((engine, i) => {
  const shape = { m: 1, n: 32_000, k: 1024, bytes: 252e6, tokens: 1 }
  const one = {
    kernel: 'decode',
    variant: 'qwen3-0.6b',
    format: 'mxfp4',
    precision: i === 0 ? 'float32' : 'peer',
    ...shape,
    run,
  }
  const versus = {
    versus: 'node-llama-cpp 3.22.1',
    speedup: 2,
    speedupLow: 1.8,
    speedupHigh: 2.2,
    ratios: [1.8, 2, 2.2],
  }
  return makeRow(
    one,
    around(10e6 * (i + 1)),
    setting('node-llama-cpp', 2, { engine, ...(i === 0 ? versus : { peerSettings: 'mmap on' }) }),
  )
})

export const sampleReport: BenchReport = {
  machine: {
    cpu: 'Test CPU',
    cores: 2,
    threads: 2,
    memoryBytes: 25e9,
    platform: 'linux x64',
    node: 'v20.20.2',
    date: '2026-01-31T12:00:00.000Z',
  },
  run: {
    arguments: ['gemv', 'decode'],
    commit: 'e8ed1f0a59073b0d52a1b7b0ffb5f5b6c1a2b3c4+',
    versions: { '@metal-fp4/bench': '0.1.0' },
  },
  rows: [...gemv, step, ...race],
}
