import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Device, createDevice } from '@metal-fp4/metal-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type BenchReport,
  type Contest,
  type ContestSuite,
  defineContestSuite,
  describeMachine,
  openPeer,
  readReport,
  report,
  resolvePeer,
  runCli,
  runContest,
  runContests,
} from '../src/index.js'
import { progressWriter } from '../src/cli/progress.js'
import { parsePeer } from '../src/peers/resolve.js'
import { readSuite } from './support/read-suite.js'

const worker = fileURLToPath(new URL('support/peer/worker.mjs', import.meta.url))

describe('resolvePeer', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-peer-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  const install = (name: string, manifest: object, file: string): void => {
    const place = join(folder, 'node_modules', name)
    mkdirSync(join(place, 'dist'), { recursive: true })
    writeFileSync(join(place, 'package.json'), JSON.stringify({ name, version: '1.2.3', ...manifest }))
    writeFileSync(join(place, file), '')
  }

  it.each([
    ['conditions', { exports: { '.': { types: './no.d.ts', import: { node: './dist/a.mjs' }, require: './b.cjs' } } }],
    ['a path', { exports: './dist/a.mjs' }],
    ['main', { main: 'dist/a.mjs' }],
  ])('finds the module of a package by its %s, from a folder below', (_, manifest) => {
    install('some-peer', manifest, 'dist/a.mjs')
    const below = join(folder, 'deeper')
    mkdirSync(below)
    const peer = resolvePeer({ name: 'some-peer', folder: below })
    expect(peer).toMatchObject({ name: 'some-peer', version: '1.2.3' })
    expect(peer.entry).toMatch(/^file:.*\/node_modules\/some-peer\/dist\/a\.mjs$/)
    expect(resolvePeer({ name: 'some-peer', folder: join(folder, 'node_modules', 'some-peer') })).toEqual(peer)
  })

  it('says how to install what is not there, or not whole', () => {
    expect(() => resolvePeer({ name: 'nowhere', folder })).toThrow(
      /expected the package 'nowhere' in .*npm install nowhere/,
    )
    install('half', { main: 'gone.js' }, 'dist/a.mjs')
    expect(() => resolvePeer({ name: 'half', folder })).toThrow(/expected half's module at .*gone\.js, got none/)
  })

  it('reads a name and a folder, and refuses anything else', () => {
    expect(parsePeer('@scope/some-peer=../x=y')).toEqual({ name: '@scope/some-peer', folder: '../x=y' })
    expect(parsePeer('some-peer')).toEqual({ name: 'some-peer' })
    for (const bad of ['', '../up', 'a b', 'peer=']) expect(() => parsePeer(bad)).toThrow('[--peer] expected')
  })
})

describe('openPeer', () => {
  it('asks a process and hands on its answers and errors', async () => {
    using peer = openPeer(worker, 'fake')
    expect(await Promise.all([peer.ask('one', { value: 1 }), peer.ask('two')])).toEqual([
      { op: 'one', value: 1 },
      { op: 'two' },
    ])
    await expect(peer.ask('fail')).rejects.toThrow('[fake] the model is no good')
    expect(await peer.ask('after')).toEqual({ op: 'after' })
  })

  it('tells a crash, with what the peer wrote, to all who wait and to all who come later', async () => {
    using peer = openPeer(worker, 'fake')
    const waiting = peer.ask('hang')
    await expect(peer.ask('crash')).rejects.toThrow(
      /\[fake\] expected an answer, got exit status 3\..*\nno such instruction/s,
    )
    await expect(waiting).rejects.toThrow('exit status 3')
    await expect(peer.ask('one')).rejects.toThrow('exit status 3')
  })

  it('ends a process that does not answer in time, and says how to mend it', async () => {
    using peer = openPeer(worker, 'fake')
    const other = peer.ask('hang')
    expect(peer.ended).toBe(false)
    await expect(peer.ask('hang', {}, 50)).rejects.toThrow(
      "[fake] expected an answer to 'hang' within 0.05 s, got none. Its threads may be waiting for one another: use fewer",
    )
    await expect(other).rejects.toThrow('within 0.05 s')
    await expect(peer.ask('one')).rejects.toThrow('within 0.05 s')
    expect(peer.ended).toBe(true)
  })

  it('answers no more once it is disposed', async () => {
    const peer = openPeer(worker, 'fake')
    const waiting = peer.ask('hang')
    peer.dispose()
    await expect(waiting).rejects.toThrow('a disposed process')
    expect(peer.ended).toBe(true)
  })

  it('ends with its signal', async () => {
    const controller = new AbortController()
    using peer = openPeer(worker, 'fake', controller.signal)
    const waiting = peer.ask('hang')
    controller.abort()
    await expect(waiting).rejects.toThrow('signal SIGKILL')
    expect(() => openPeer(worker, 'fake', controller.signal)).toThrow()
  })
})

describe('runContest', () => {
  it('runs pairs in turns, each beginning with the other one, and gives the quotients', async () => {
    const order: string[] = []
    const side = (name: string, durationNs: number) => () => {
      order.push(name)
      return Promise.resolve({ durationNs, repeats: 2 })
    }
    const roof = { measure: () => Promise.resolve(40) }
    const result = await runContest({ ours: side('a', 200), peer: side('b', 300) }, roof, { samples: 3 })
    expect(order.join('')).toBe('ab' + 'ab' + 'ba' + 'ab')
    expect(result).toEqual({
      oursNs: [100, 100, 100],
      peerNs: [150, 150, 150],
      ratios: [1.5, 1.5, 1.5],
      speedup: 1.5,
      speedupLow: 1.5,
      speedupHigh: 1.5,
      roofs: [40, 40, 40, 40],
    })
  })

  const roof = { measure: () => Promise.resolve(40) }
  const steady = () => Promise.resolve({ durationNs: 100 })

  it('takes as many pairs as an interval of their median needs, whatever they take', async () => {
    let clock = 0
    const { ratios } = await runContest({ ours: steady, peer: steady }, roof, { timeMs: 1, now: () => (clock += 1000) })
    expect(ratios.length).toBe(6)
  })

  it.each([
    ['0 ns', { durationNs: 0 }],
    ['-5 ns', { durationNs: -5 }],
    ['NaN ns', { durationNs: NaN }],
    ['7 ns for 0 repeats', { durationNs: 7, repeats: 0 }],
  ])('refuses %s of either side', async (text, timing) => {
    const bad = () => Promise.resolve(timing)
    await expect(runContest({ ours: bad, peer: steady }, roof, { samples: 1 })).rejects.toThrow(
      `[bench] expected our side to report a positive device time, got ${text}`,
    )
    await expect(runContest({ ours: steady, peer: bad }, roof, { samples: 1 })).rejects.toThrow(
      `[bench] expected the peer to report a positive device time, got ${text}`,
    )
  })
})

/** Reads against a peer that always takes 5 ms. */
const races: ContestSuite = defineContestSuite({
  name: 'races',
  summary: 'against a peer that is not there',
  peer: 'fake-peer',
  *contests({ filter, peer }) {
    for (const m of filter.m ?? [1]) {
      yield {
        kernel: 'read',
        format: 'f32',
        precision: 'float32',
        m,
        n: 64,
        k: 64,
        bytes: 1000,
        tokens: m,
        peerBytes: 2000,
        peerSettings: `version ${peer.version}`,
        ours: () => (m > 8 ? Promise.reject(new Error('too many')) : Promise.resolve({ durationNs: 1e6 })),
        peer: () => Promise.resolve({ durationNs: 5e6 }),
      }
    }
  },
})

describe('runContests', () => {
  let device: Device
  beforeAll(async () => {
    device = await createDevice({ backend: 'cpu', threads: 1 })
  })
  afterAll(() => {
    device.dispose()
  })

  it('gives a row of ours and one of the peer, and goes on after a failure', async () => {
    const peer = { name: 'fake-peer', version: '9.9.9', entry: 'file:///nowhere.js' }
    const options = { device, suites: [races], peer, cacheFolder: '.', filter: { m: [9, 4] }, samples: 2 }
    const { rows, failures } = await runContests({ ...options, roofBytes: 1024 * 1024 })
    expect(failures).toEqual([{ suite: 'races', case: 'read f32 M=9 64x64', threads: 1, message: 'too many' }])
    expect(rows).toMatchObject([
      {
        engine: 'metal-fp4',
        versus: 'fake-peer 9.9.9',
        speedup: 5,
        ratios: [5, 5],
        tokensPerSecond: 4000,
        bytes: 1000,
      },
      { engine: 'fake-peer 9.9.9', medianNs: 5e6, bytes: 2000, peerSettings: 'version 9.9.9', precision: 'peer' },
    ])
    expect(rows[1]).not.toHaveProperty('versus')
  })

  it('gives both times and no quotient where the peer ran with fewer threads', async () => {
    const suite = defineContestSuite({
      ...races,
      *contests(context) {
        for (const contest of races.contests(context) as Iterable<Contest>) yield { ...contest, peerThreads: 3 }
      },
    })
    const peer = { name: 'fake-peer', version: '9.9.9', entry: 'file:///nowhere.js' }
    const told: string[] = []
    const show = progressWriter({ stderr: (text) => void told.push(text), terminal: false })
    const options = { device, suites: [suite], peer, cacheFolder: '.', samples: 2, roofBytes: 1024 * 1024 }
    const { rows, failures } = await runContests({ ...options, onProgress: show })
    expect(failures).toEqual([])
    expect(rows).toMatchObject([
      { threads: 1, versus: 'fake-peer 9.9.9', unequalThreads: true },
      { threads: 3, engine: 'fake-peer 9.9.9', medianNs: 5e6 },
    ])
    for (const field of ['speedup', 'speedupLow', 'speedupHigh', 'ratios']) expect(rows[0]).not.toHaveProperty(field)
    expect(told.join('')).toContain('no race, ours ran with 1 threads and it with 3')
    const saved = join(tmpdir(), `bench-unequal-${process.pid}.json`)
    writeFileSync(saved, report({ machine: describeMachine(), rows }, 'json'))
    try {
      expect(readReport(saved).rows).toEqual(rows)
    } finally {
      rmSync(saved)
    }
  })

  it('reports what could not be set up, and runs the rest', async () => {
    const suite = defineContestSuite({
      ...races,
      *contests(context) {
        context.onFailure('a large model', new Error('cannot be loaded'))
        yield* races.contests(context) as Iterable<Contest>
      },
    })
    const peer = { name: 'fake-peer', version: '9.9.9', entry: 'file:///nowhere.js' }
    const options = { device, suites: [suite], peer, cacheFolder: '.', samples: 2, roofBytes: 1024 * 1024 }
    const { rows, failures } = await runContests(options)
    expect(failures).toEqual([{ suite: 'races', case: 'a large model', threads: 1, message: 'cannot be loaded' }])
    expect(rows.length).toBe(2)
  })

  it('is asked for by --peer, and only then', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-peer-'))
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'fake-peer', version: '1.0.0', main: 'package.json' }),
    )
    const cli = async (...argv: readonly string[]): Promise<{ status: number; out: string; err: string }> => {
      let [out, err] = ['', '']
      const streams = {
        stdout: (text: string) => void (out += text),
        stderr: (text: string) => void (err += text),
        roofBytes: 1024 * 1024,
      }
      const common = ['--threads', '1', '--device', 'cpu', '--samples', '2', '--attempts', '1', '-o', 'json']
      const status = await runCli([readSuite, races], [...argv, ...common], streams)
      return { status, out, err }
    }
    try {
      const { status, out, err } = await cli('--peer', `fake-peer=${folder}`)
      expect(status, err).toBe(0)
      expect(err).toContain('1.00 ms, 5.00 times as fast as fake-peer 1.0.0 (5.00 to 5.00)')
      const { rows, run } = JSON.parse(out) as BenchReport
      expect(rows.map(({ engine }) => engine)).toEqual(['metal-fp4', 'fake-peer 1.0.0'])
      // Where the user keeps files is not part of a report.
      expect(JSON.stringify(run)).not.toContain(tmpdir())
      expect((await cli('--format', 'f32', '--m', '1')).out).not.toContain('races')
      expect(await cli('races')).toMatchObject({ status: 2, out: '' })
      expect((await cli('--peer', 'other')).err).toContain("[--peer] expected one of: fake-peer, got 'other'.")
      expect((await cli('--peer', 'fake-peer=/nowhere')).err).toContain('npm install fake-peer')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
