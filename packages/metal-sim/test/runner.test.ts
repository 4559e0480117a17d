import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clangFound, type Mode } from './runner/build.js'
import { Client, value } from './runner/client.js'

if (!clangFound) console.log('metal-sim: clang++-19 or libclang-rt-19-dev is missing: tests of the runner are skipped')

const floats = (bytes: Buffer): Float32Array => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
const words = (bytes: Buffer): Uint32Array => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
const count = 1024
const input = Float32Array.from({ length: count }, (_, i) => i + 1)

describe.skipIf(!clangFound).each<Mode>(['checked', 'fast'])('the %s runner', (mode) => {
  let client: Client
  let source: Awaited<ReturnType<Client['buffer']>>
  let target: typeof source
  let both: string[]
  beforeAll(async () => {
    client = await Client.open(mode)
    source = await client.buffer(input)
    target = await client.buffer(new Float32Array(count * 8))
    both = [`0=b:${source.id}:0`, `1=b:${target.id}:0`]
  }, 120_000)
  afterAll(() => client.close())
  const clean = { reports: [], failed: null, suppressed: 0 }

  it('says what it is, and what a library has', async () => {
    expect(client.hello).toBe(`metal-sim 1 ${mode}`)
    const { buildLibrary } = await import('./runner/build.js')
    const answer = await client.ask(`library M ${await buildLibrary('kernels.cpp', mode)}`)
    expect(answer).toContain('kernel add 1024 3')
    expect(answer).toContain('kernel at_most_64 64 2')
    expect(answer).toContain('parameter b0 const%20device%20float%2A device 0 r 4 4 %')
    expect(answer).toContain('parameter s0 threadgroup%20float%2A threadgroup 0 rw 4 4 %')
    expect(answer).toContain('constant constant0 uint 0 4')
    expect(await client.ask('release library M')).toEqual(['ok'])
  })

  it.each([0, 1, 2, 3, 4])('runs clean kernels, threads in the order of seed %i', async (seed) => {
    await client.ask(`option seed ${seed}`)
    const run = async (kernel: string, groups: number, threads: number, more: string[] = []): Promise<Float32Array> => {
      const outcome = await client.run([
        { kernel, grid: [groups, 1, 1], threadgroup: [threads, 1, 1], arguments: [...both, ...more] },
      ])
      expect(outcome).toMatchObject(clean)
      return floats(target.contents())
    }
    expect((await run('add', 16, 64, [value(2, 7)])).slice(0, count)).toEqual(input.map((x) => x + 7))
    const sums = await run('group_sum', 4, 256)
    for (let g = 0; g < 4; ++g) expect(sums[g]).toBe(input.slice(g * 256, g * 256 + 256).reduce((a, b) => a + b))
    const swapped = await run('exchange', 4, 256, ['0=t:1024'])
    expect(swapped.slice(0, 4)).toEqual(Float32Array.of(256, 255, 254, 253))
    const neighbours = await run('simd_exchange', 1, 100)
    expect(neighbours.slice(0, 4)).toEqual(Float32Array.of(1, 0, 3, 2))
    // 16 lanes have 100 times their sum, 8 the sum of 2s and 8 still 1; then all 32 meet.
    expect((await run('divergent_sum', 1, 64)).slice(0, 64)).toEqual(new Float32Array(64).fill(16 * 1600 + 8 * 16 + 8))
    // Every round has 8 lanes fewer; all 32 meet after the last.
    expect((await run('divergent_loop', 1, 64)).slice(0, 4)).toEqual(Float32Array.of(32032, 56032, 72032, 80032))
    const counter = await client.buffer(new Uint32Array(1))
    expect(
      await client.run([{ kernel: 'count_atomically', grid: [5, 2, 1], arguments: [`0=b:${counter.id}:0`] }]),
    ).toMatchObject(clean)
    expect(words(counter.contents())[0]).toBe(640)
  })

  it('tells threads where they are, and sets function constants', async () => {
    const spec = {
      kernel: 'positions',
      mode: 'threads',
      grid: [5, 3, 2],
      threadgroup: [4, 2, 1],
      arguments: both,
    } as const
    expect(await client.run([{ ...spec, constants: ['0=2a000000'] }])).toMatchObject(clean)
    const at = (x: number, y: number, z: number): Uint32Array =>
      words(target.contents()).slice(8 * (x + 5 * (y + 3 * z)), 8 * (x + 5 * (y + 3 * z)) + 8)
    expect([...at(4, 2, 1)]).toEqual([0x010101, 0, 0x010101, 4, 0x020202, 1 << 24, 1042, 84])
    expect([...at(2, 1, 0)]).toEqual([0, 0x000102, 0x010204, 4, 0x020202, (1 << 24) | (6 << 8) | 6, 1042, 84])
    expect(await client.run([{ ...spec }])).toMatchObject(clean)
    expect([...at(0, 0, 0)].slice(6)).toEqual([0, 0])
  })

  it('reads an indirect grid when the dispatch runs', async () => {
    const grid = await client.buffer(Uint32Array.of(9, 3, 1, 1))
    const zero = await client.buffer(Uint32Array.of(3, 0, 1))
    const counter = await client.buffer(new Uint32Array(1))
    const dispatch = (at: string) => ({
      kernel: 'count_atomically',
      mode: 'indirect' as const,
      grid: [at, 0, 0],
      arguments: [`0=b:${counter.id}:0`],
    })
    expect(await client.run([dispatch(`${grid.id}:4`), dispatch(`${zero.id}:0`)])).toMatchObject(clean)
    expect(words(counter.contents())[0]).toBe(192)
    expect((await client.run([dispatch(`${grid.id}:8`)])).failed).toContain('expected MODE')
  })

  it('leaves out parameters that a function constant takes away', async () => {
    const run = async (constants: string[], args: string[]): Promise<string | null> =>
      (await client.run([{ kernel: 'optional', arguments: args, constants }])).failed
    expect(await run([], [both[1]])).toBeNull()
    expect(floats(target.contents())[3]).toBe(-1)
    expect(await run(['0=01000000'], both)).toBeNull()
    expect(floats(target.contents())[3]).toBe(4)
    expect(await run(['0=01000000'], [both[1]])).toBe(
      'Compute Function(optional): missing Buffer binding at index 0 for b0[0].',
    )
    expect(await run(['0=01'], both)).toContain('expected 4 bytes for function_constant(0) constant0, got 1')
  })

  it.each<[string, object, string]>([
    ['an unbound buffer', { arguments: ['1=b:B1:0', '2=v:00000000'] }, 'missing Buffer binding at index 0 for b0[0]'],
    ['an unbound value', {}, 'missing Buffer binding at index 2 for b2[0]'],
    ['unbound threadgroup memory', { kernel: 'exchange' }, 'missing Threadgroup Memory binding at index 0 for s0[0]'],
    [
      'a value too short',
      { arguments: ['0=b:B0:0', '1=b:B1:0', '2=v:0000'] },
      'has space for 2 bytes, but argument has a length(4)',
    ],
    [
      'an offset beyond the end',
      { arguments: ['0=b:B0:5000', '1=b:B1:0', '2=v:00000000'] },
      'offset(5000) of b0[0] at index 0 must be <= [buffer length](4096)',
    ],
    ['too many threads', { threadgroup: [32, 33, 1] }, '(1056) must be <= 1024. (device threadgroup size limit'],
    [
      'more threads than the kernel allows',
      { kernel: 'at_most_64', threadgroup: [65, 1, 1] },
      '(65) must be <= 64. (kernel threadgroup size limit',
    ],
    ['no threads', { threadgroup: [0, 1, 1] }, 'must be > 0'],
    [
      'too much threadgroup memory',
      { kernel: 'exchange', arguments: ['0=b:B0:0', '1=b:B1:0', '0=t:32784'] },
      'Threadgroup memory size (32784) exceeds',
    ],
    [
      'too much of the kernel’s own',
      { kernel: 'too_much_memory' },
      'Threadgroup memory size (33600) exceeds the maximum threadgroup memory allowed (32768)',
    ],
    ['an unknown kernel', { kernel: 'nothing' }, 'expected a kernel of'],
    ['an unknown buffer', { arguments: ['0=b:B99:0'] }, 'expected a buffer, got B99'],
    ['an argument of another form', { arguments: ['0=c:1'] }, 'expected INDEX=b:BUFFER:OFFSET'],
    ['a value over 4 KB', { arguments: [`0=v:${'00'.repeat(4097)}`] }, 'at most 4096 bytes'],
    ['a grid that is no number', { grid: [1, -1, 1] }, 'expected MODE groups|threads|indirect'],
  ])('refuses %s', async (_, change, message) => {
    const outcome = await client.run([{ kernel: 'add', arguments: both, ...change }])
    expect(outcome.failed).toContain(message)
    expect(outcome.reports).toEqual([])
  })

  it('runs nothing of a list in which one dispatch is refused', async () => {
    const [only] = [await client.buffer(new Float32Array(64))]
    const step = { kernel: 'stepping', arguments: [both[0], `1=b:${only.id}:0`] }
    expect((await client.run([step, { kernel: 'add' }])).failed).not.toBeNull()
    expect(floats(only.contents())[0]).toBe(0)
    expect(await client.run([step, step])).toMatchObject(clean)
    expect(floats(only.contents())[0]).toBe(2)
  })

  it('times each dispatch in profile mode', async () => {
    await client.ask('option profile 1')
    const { times } = await client.run([
      { kernel: 'stepping', arguments: both },
      { kernel: 'stepping', arguments: both },
    ])
    await client.ask('option profile 0')
    expect(times).toHaveLength(2)
    expect(times[0][0]).toBeLessThanOrEqual(times[0][1])
    expect(times[0][1]).toBeLessThanOrEqual(times[1][0])
  })

  it.each([
    ['nonsense', 'expected a request'],
    ['option speed 1', 'expected seed, checks'],
    ['option seed x', 'expected: option NAME NUMBER'],
    ['buffer B0 /dev/null 0 0 rw', 'expected a new ID'],
    ['buffer X /dev/null 0 16 rw', 'expected a file of at least 0 + 16 bytes'],
    ['buffer X /nowhere 0 16 rw', 'expected a file to map'],
    ['library X /dev/null', 'cannot open'],
    ['release buffer X', 'expected an ID'],
  ])('answers failed to: %s', async (request, message) => {
    const answer = await client.ask(request)
    expect(decodeURIComponent(answer.at(-1)!)).toContain(message)
  })

  it('does not release what a dispatch waits for', async () => {
    const buffer = await client.buffer(new Float32Array(64))
    client.send('begin')
    client.send(`dispatch L stepping groups 1 1 1 64 1 1 ${both[0]} 1=b:${buffer.id}:0 ; ; %`)
    expect(decodeURIComponent((await client.ask(`release buffer ${buffer.id}`))[0])).toContain('is used by a dispatch')
    expect(await client.ask('end')).toEqual(['done'])
    expect(await client.ask(`release buffer ${buffer.id}`)).toEqual(['ok'])
  })
})
