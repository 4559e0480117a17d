/** What the targets' rows are to reach on a CPU: the figures that the project set itself, for one thread and two. */
import { type BenchRow, type Goal, type GoalOptions, judge } from '@metal-fp4/bench'

const large = { suite: 'gemv', n: 4096, k: 14336 }
const roof = { unit: '% of the roof', value: ({ percentOfRoof }: BenchRow): number | null => percentOfRoof }
const times = { unit: 'x M = 1', atMost: true, value: (row: BenchRow): number | undefined => row.times }
const packer = { unit: 'M weights/s', value: ({ weightsPerSecond = 0 }: BenchRow): number => weightsPerSecond / 1e6 }

/** A format's share of the roof over fp4's: its speed at equal bytes, and under an equal roof. */
const besideFp4 = {
  unit: 'x fp4',
  value({ percentOfRoof, ...row }: BenchRow, rows: readonly BenchRow[]): number | undefined {
    const fields = ['suite', 'precision', 'm', 'n', 'k'] as const
    const fp4 = rows.find((other) => other.format === 'fp4' && fields.every((field) => other[field] === row[field]))
    return percentOfRoof === null || !fp4?.percentOfRoof ? undefined : percentOfRoof / fp4.percentOfRoof
  },
}

const goals: readonly GoalOptions[] = [
  {
    what: 'M = 1, 4096 x 14336, int8',
    of: { ...large, m: 1, format: 'fp4', precision: 'int8' },
    wanted: { 1: 90, 2: 92 },
    ...roof,
  },
  {
    what: 'M = 1, 4096 x 14336, float32',
    of: { ...large, m: 1, format: 'fp4', precision: 'float32' },
    wanted: { 1: 70, 2: 80 },
    ...roof,
  },
  ...[4096, 1024].map((n) => ({
    what: `M = 1, ${n} x ${n}, int8`,
    of: { suite: 'gemv', m: 1, n, k: n, format: 'fp4', precision: 'int8' },
    wanted: { 2: 80 },
    ...roof,
  })),
  ...['mxfp4', 'nvfp4'].map((format) => ({
    what: `M = 1, 4096 x 14336, int8, ${format}`,
    of: { ...large, m: 1, format, precision: 'int8' },
    wanted: { 1: 0.85, 2: 0.85 },
    ...besideFp4,
  })),
  ...(
    [
      [2, { 1: 1.3, 2: 1.1 }],
      [4, { 1: 1.8, 2: 1.4 }],
      [8, { 1: 3, 2: 2 }],
    ] as const
  ).map(([m, wanted]) => ({
    what: `M = ${m}, 4096 x 14336, int8`,
    of: { ...large, m, precision: 'int8' },
    wanted,
    ...times,
  })),
  {
    what: 'M = 512, 4096 x 14336, int8',
    of: { suite: 'gemm', m: 512, n: 4096, k: 14336, precision: 'int8' },
    wanted: { 1: 350 },
    unit: 'GFLOP/s',
    value: ({ gigaflopsPerSecond }) => gigaflopsPerSecond,
  },
  {
    what: 'experts, 4 of 32, 2880 x 2880, int8',
    of: { suite: 'experts', m: 1, n: 2880, k: 2880, precision: 'int8' },
    wanted: { 1: 75, 2: 75 },
    ...roof,
  },
  {
    what: 'decode step of the default model, outside kernels',
    of: { suite: 'decode', variant: 'stories' },
    wanted: { 1: 10, 2: 10 },
    unit: '% of the step',
    atMost: true,
    value: ({ outsideKernelsPercent }) => outsideKernelsPercent,
  },
  ...(
    [
      ['mxfp4', 'absmax', 260],
      ['nvfp4', 'absmax', 150],
      ['mxfp4', 'mse', 40],
      ['nvfp4', 'mse', 40],
      ['fp4', 'mse', 40],
    ] as const
  ).map(([format, variant, wanted]) => ({
    what: `packer, ${format} ${variant}`,
    of: { suite: 'pack', format, variant },
    wanted: { 1: wanted },
    ...packer,
  })),
]

/** In the order of the list; what was not measured is left out. */
export function goalsOf(rows: readonly BenchRow[]): readonly Goal[] {
  return goals.flatMap((goal) => judge(goal, rows))
}
