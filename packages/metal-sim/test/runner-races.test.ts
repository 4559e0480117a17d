import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clangFound } from './runner/build.js'
import { Client } from './runner/client.js'

/** One step of one thread in one phase. */
interface Step {
  readonly phase: number
  readonly thread: number
  readonly kind: 1 | 2 | 3 // load, store, atomic
  readonly memory: 0 | 1 // device, threadgroup
  readonly offset: number
  readonly bytes: number
}
interface Script {
  readonly phases: { readonly end: number; readonly flags: number }[]
  readonly steps: Step[]
}

const groupSize = 64
const threads = 2 * groupSize
const windowBytes = 32

/** Numbers below n, from a seed. */
function numbers(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

/** Few steps of few threads, so that about half of the scripts are free of races. */
function randomScript(below: (n: number) => number, simple: boolean): Script {
  const phases = Array.from({ length: 1 + below(4) }, () => ({ end: below(simple ? 2 : 3), flags: below(4) }))
  const steps: Step[] = []
  for (let left = 1 + below(6); left > 0; --left) {
    const phase = below(phases.length)
    const thread = [0, 1, 31, 33, 63, 64, 65, 127][below(8)]
    if (steps.some((step) => step.phase === phase && step.thread === thread)) continue
    const kind = ([1, 1, 2, 2, 3] as const)[below(simple ? 4 : 5)]
    const bytes = kind === 3 ? 4 : [1, 2, 4, 16][below(4)]
    const offset = below(windowBytes / bytes) * bytes
    steps.push({ phase, thread, kind, memory: below(2) === 0 ? 0 : 1, offset, bytes })
  }
  return { phases, steps }
}

/** The rules as they are written in PROTOCOL.md, over all pairs. */
function races({ phases, steps }: Script): boolean {
  const group = (step: Step): number => Math.floor(step.thread / groupSize)
  const ordered = (a: Step, b: Step): boolean => {
    if (group(a) !== group(b)) return false
    const [first, last] = [Math.min(a.phase, b.phase), Math.max(a.phase, b.phase)]
    return phases.slice(first, last).some(({ end, flags }) => {
      if ((flags & (a.memory === 0 ? 1 : 2)) === 0) return false
      return end === 1 || (end === 2 && Math.floor(a.thread / 32) === Math.floor(b.thread / 32))
    })
  }
  return steps.some((a, i) =>
    steps.slice(0, i).some((b) => {
      const sameBytes = a.memory === b.memory && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes
      const shared = a.memory === 0 || group(a) === group(b)
      const conflict = (a.kind !== 1 || b.kind !== 1) && !(a.kind === 3 && b.kind === 3)
      return a.thread !== b.thread && sameBytes && shared && conflict && !ordered(a, b)
    }),
  )
}

function encode({ phases, steps }: Script): Uint32Array {
  const words = new Uint32Array(1 + phases.length * (1 + threads))
  words[0] = phases.length
  phases.forEach(({ end, flags }, i) => (words[1 + i * (1 + threads)] = end | (flags << 8)))
  for (const { phase, thread, kind, memory, offset, bytes } of steps) {
    words[2 + phase * (1 + threads) + thread] = kind | (memory << 2) | (bytes << 4) | (offset << 16)
  }
  return words
}

describe.skipIf(!clangFound)('races, against the rules over all pairs of accesses', () => {
  let client: Client
  beforeAll(async () => {
    client = await Client.open('checked', 'scripts.cpp')
  }, 120_000)
  afterAll(() => client.close())

  it.each([
    ['plain loads and stores, barriers of the threadgroup', true, 600],
    ['atomics and barriers of simdgroups as well', false, 600],
  ])('%s', async (_, simple, count) => {
    const below = numbers(simple ? 1 : 2)
    const target = await client.buffer(new Uint8Array(windowBytes))
    let [racing, clean] = [0, 0]
    for (let i = 0; i < count; ++i) {
      const script = randomScript(below, simple)
      const words = await client.buffer(encode(script))
      await client.ask(`option seed ${i}`)
      const dispatch = { kernel: 'script', grid: [2, 1, 1], arguments: [`0=b:${words.id}:0`, `1=b:${target.id}:0`] }
      const { reports, failed } = await client.run([dispatch])
      await client.ask(`release buffer ${words.id}`)
      expect(failed).toBeNull()
      const expected = races(script)
      if (expected) ++racing
      else ++clean
      expect(
        reports.some(({ kind }) => kind === 'race'),
        `${JSON.stringify(script)}\n${JSON.stringify(reports)}`,
      ).toBe(expected)
      expect(reports.filter(({ kind }) => kind !== 'race')).toEqual([])
    }
    expect(Math.min(racing, clean)).toBeGreaterThan(count / 8)
  })
})
