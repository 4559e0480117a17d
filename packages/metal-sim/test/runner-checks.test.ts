import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clangFound } from './runner/build.js'
import { Client, type Outcome, value } from './runner/client.js'

describe.skipIf(!clangFound)('what the checked runner looks at', () => {
  let client: Client
  let both: string[]
  beforeAll(async () => {
    client = await Client.open('checked')
    const source = await client.buffer(Uint32Array.from({ length: 1024 }, (_, i) => i + 1))
    const target = await client.buffer(new Float32Array(1024))
    both = [`0=b:${source.id}:0`, `1=b:${target.id}:0`]
  }, 120_000)
  afterAll(() => client.close())

  const run = (kernel: string, groups = 1): Promise<Outcome> =>
    client.run([{ kernel, grid: [groups, 1, 1], arguments: [...both, value(2, 5)] }])

  it('passes on what the library reports by itself', async () => {
    const { reports } = await run('says_so')
    expect(reports).toMatchObject([{ kind: 'shuffle', message: 'lane 40 of 32', times: 64 }])
  })

  it('sees a race of two dispatches that have no barrier between them', async () => {
    const dispatch = { kernel: 'stepping', arguments: both }
    expect((await client.run([dispatch, dispatch])).reports).toEqual([])
    const { reports } = await client.run([dispatch, dispatch], { concurrent: true })
    expect(reports).not.toHaveLength(0)
    for (const report of reports) {
      expect(report.kind).toBe('race')
      expect(report.message).toContain('by another dispatch, with no barrier of the encoder in between')
      expect(report.places.map((place) => place.dispatch)).toEqual([1, 0])
    }
  })

  it('lets two dispatches read the same buffer at the same time', async () => {
    const other = await client.buffer(new Float32Array(1024))
    const first = { kernel: 'add', arguments: [...both, value(2, 1)] }
    const second = { kernel: 'add', arguments: [both[0], `1=b:${other.id}:0`, value(2, 1)] }
    expect((await client.run([first, second], { concurrent: true })).reports).toEqual([])
  })

  it('reports a store into a buffer that is mapped to be read', async () => {
    const fixed = await client.buffer(new Float32Array(64), 'r')
    const { reports } = await client.run([{ kernel: 'stepping', arguments: [both[0], `1=b:${fixed.id}:0`] }])
    expect(reports).toMatchObject([{ kind: 'read-only' }])
  })

  it('bounds a binding from its offset to the end of the buffer', async () => {
    const [source, target] = both
    const at = (words: string[]): Promise<Outcome> => client.run([{ kernel: 'stepping', arguments: words }])
    expect((await at([source, target.replace(':0', ':3840')])).reports).toEqual([])
    const { reports } = await at([source, target.replace(':0', ':3844')])
    expect(reports[0].message).toBe('read of 4 bytes at offset 252 of buffer(1) `b1`, which has 252 bytes here.')
  })

  it('gives the same answer for the same seed', async () => {
    const answers = new Set<string>()
    for (const seed of [7, 7, 7]) {
      await client.ask(`option seed ${seed}`)
      answers.add(JSON.stringify(await run('no_barrier')))
    }
    expect(answers.size).toBe(1)
  })

  it('stops telling after maxReports, and can be told not to look for races', async () => {
    await client.ask('option maxReports 1')
    const limited = await run('no_barrier')
    await client.ask('option maxReports 32')
    expect(limited.reports).toHaveLength(1)
    expect(limited.suppressed).toBeGreaterThan(0)
    await client.ask('option races 0')
    expect((await run('no_barrier')).reports).toEqual([])
    expect((await run('reads_beyond', 16)).reports).toMatchObject([{ kind: 'out-of-bounds' }])
    await client.ask('option races 1')
  })

  it('counts multiply-adds, bytes and barriers', async () => {
    const factors = await client.buffer(Float32Array.from({ length: 64 }, (_, i) => (i % 4 === 3 ? 0 : 2)))
    const partial = await client.buffer(new Float32Array(64))
    const words = [`0=b:${factors.id}:0`, `1=b:${partial.id}:0`]
    await client.ask('option count 1')
    const outcome = await client.run([
      { kernel: 'counted', arguments: words },
      { kernel: 'group_sum', arguments: words },
    ])
    await client.ask('option count 0')
    // Index, executed, useful, read, written, unique read, unique written, barriers of the threadgroup, of simdgroups.
    expect(outcome.counts).toEqual([
      ['0', '64', '48', '512', '256', '256', '256', '0', '0'],
      ['1', '0', '0', '256', '4', '256', '4', '1', '0'],
    ])
  })

  it('goes on after a dispatch was stopped', async () => {
    expect((await run('too_much_memory')).failed).toContain('Threadgroup memory')
    expect((await run('reads_beyond', 16)).reports).toHaveLength(1)
    expect(await run('add')).toMatchObject({ reports: [], failed: null })
  })
})
