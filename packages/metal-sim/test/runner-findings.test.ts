import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clangFound, linesOf } from './runner/build.js'
import { Client, type Outcome, type Report, value } from './runner/client.js'

const file = 'planted.h'
const seeds = [0, 1, 2, 3, 4]

/** What each planted kernel has to be reported for. Both places of a race are lines marked `// HERE`. */
const planted: [kernel: string, kind: string, message: RegExp, groups: number][] = [
  [
    'reads_beyond',
    'out-of-bounds',
    /^read of 4 bytes at offset 4096 of buffer\(0\) `b0`, which has 4096 bytes here/,
    16,
  ],
  [
    'writes_beyond',
    'out-of-bounds',
    /^write of 4 bytes at offset \d+ of buffer\(1\) `b1`, which has 4096 bytes here/,
    9,
  ],
  ['reads_null', 'out-of-bounds', /^read of 4 bytes through a null pointer/, 1],
  ['leaves_variable', 'out-of-bounds', /^write of 4 bytes at offset \d+ of a threadgroup variable of 32 bytes/, 1],
  [
    'leaves_array',
    'out-of-bounds',
    /^read of 4 bytes (at offset 16 of `local`, which has 16 bytes|outside an array or variable of this thread)/,
    1,
  ],
  ['leaves_table', 'out-of-bounds', /^read of 4 bytes at offset \d+ of `table`, which has 32 bytes/, 1],
  ['writes_constant', 'read-only', /^write of 4 bytes at offset 0 of buffer\(2\) `b2`, which may only be read/, 1],
  ['misaligned', 'misaligned', /^read of 16 bytes at an address that is 4 past a multiple of 16/, 1],
  ['reads_unwritten', 'uninitialized', /^read of 4 bytes of threadgroup memory that no thread/, 1],
  ['no_barrier', 'race', /of threadgroup memory after .* no threadgroup_barrier/, 1],
  ['wrong_flag', 'race', /of device memory after .* no threadgroup_barrier/, 1],
  ['simd_barrier_only', 'race', /of threadgroup memory after .* no threadgroup_barrier/, 1],
  ['overwrites_too_early', 'race', /of threadgroup memory after .* no threadgroup_barrier/, 1],
  ['groups_collide', 'race', /^write of device memory after a write by another threadgroup/, 2],
  ['bytes_collide', 'race', /^write of device memory after a write by another thread, with no simdgroup_barrier/, 1],
  ['atomic_and_plain', 'race', /of device memory after (an atomic access|a write) by another thread/, 1],
  ['some_leave', 'divergent-barrier', /thread 0 here while thread 5 has ended/, 1],
  ['two_barriers', 'divergent-barrier', /thread 0 here while thread 32 waits at another barrier/, 1],
  ['unreachable', 'undefined', /^reached code that the source says is never reached/, 1],
  ['never_ends', 'runaway', /within 20000 branches/, 1],
]

describe.skipIf(!clangFound)('findings of the checked runner', () => {
  let client: Client
  let both: string[]
  beforeAll(async () => {
    client = await Client.open('checked')
    const source = await client.buffer(Uint32Array.from({ length: 1024 }, (_, i) => i + 1))
    const target = await client.buffer(new Float32Array(1024))
    both = [`0=b:${source.id}:0`, `1=b:${target.id}:0`]
    await client.ask('option stepLimit 20000')
  }, 120_000)
  afterAll(() => client.close())

  const run = (kernel: string, groups = 1): Promise<Outcome> =>
    client.run([{ kernel, grid: [groups, 1, 1], arguments: [...both, value(2, 5)], label: 'a%20label' }])

  const expectPlaces = (report: Report, kernel: string): void => {
    const lines = linesOf(file, kernel)
    for (const place of report.places.filter(({ role }) => role !== 'ended')) {
      expect(place).toMatchObject({ file, kernel, dispatch: 0 })
      expect(lines).toContain(place.line)
      expect(place.column).toBeGreaterThan(0)
    }
    // Between them, the places name every line that takes part.
    if (report.kind === 'race') expect(new Set(report.places.map(({ line }) => line))).toEqual(new Set(lines))
  }

  describe.each(planted)('%s', (kernel, kind, message, groups) => {
    it.each(seeds)(`is reported as ${kind} with seed %i`, async (seed) => {
      await client.ask(`option seed ${seed}`)
      const { reports, failed } = await run(kernel, groups)
      expect(failed).toBeNull()
      const report = reports.find((one) => one.kind === kind)
      expect(report, JSON.stringify(reports)).toBeDefined()
      expect(report!.message).toMatch(message)
      expect(report).toMatchObject({ kernel, label: 'a label' })
      expect(report!.places).toHaveLength(['race', 'divergent-barrier'].includes(kind) ? 2 : 1)
      expectPlaces(report!, kernel)
      // A missing barrier may also leave memory unwritten; apart from that, one mistake is one report.
      expect(reports.filter((one) => one.kind !== kind).map((one) => one.kind)).toEqual(
        reports.length > 1 ? ['uninitialized'] : [],
      )
      expect(reports.filter((one) => one.kind === kind)).toHaveLength(1)
    })
  })

  it('reports undefined behaviour once for each place', async () => {
    const { reports } = await run('overflows')
    expect(reports).toHaveLength(1)
    expect(reports[0]).toMatchObject({ kind: 'undefined', kernel: 'overflows' })
    expect(reports[0].message).toMatch(/signed integer overflow: 2147483647 \+ 1/i)
    expectPlaces(reports[0], 'overflows')
    expect((await run('overflows')).reports).toEqual([])
  })

  it('reports a division by zero, on which a processor would stop', async () => {
    for (const _ of [1, 2]) {
      const { reports } = await run('divides')
      expect(reports).toHaveLength(1)
      expect(reports[0]).toMatchObject({ kind: 'undefined', kernel: 'divides' })
      expectPlaces(reports[0], 'divides')
    }
  })

  it('reports a thread that needs too much stack', async () => {
    await client.ask('option stepLimit 0')
    expect((await run('recurses')).reports).toMatchObject([
      { kind: 'stack-overflow', message: 'expected at most 256 KB of stack for a thread, got more.' },
    ])
    await client.ask('option stepLimit 20000')
    expect(await run('add')).toMatchObject({ reports: [], failed: null })
  })
})

describe.skipIf(!clangFound)('the fast runner', () => {
  it('reports what the processor refuses, and goes on', async () => {
    const client = await Client.open('fast')
    const one = await client.buffer(Uint32Array.of(1))
    const target = await client.buffer(new Float32Array(64))
    const run = async (kernel: string, groups: number): Promise<Report[]> => {
      const words = [`0=b:${one.id}:0`, `1=b:${target.id}:0`]
      return (await client.run([{ kernel, grid: [groups, 1, 1], arguments: words }])).reports
    }
    for (const kernel of ['writes_beyond', 'divides']) {
      const reports = await run(kernel, 5000)
      expect(reports).toMatchObject([
        {
          kind: kernel === 'divides' ? 'undefined' : 'out-of-bounds',
          places: [{ file, line: linesOf(file, kernel)[0] }],
        },
      ])
    }
    expect(await run('stepping', 1)).toEqual([])
    await client.close()
  }, 120_000)
})
