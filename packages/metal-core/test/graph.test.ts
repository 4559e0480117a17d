import { describe, expect, it } from 'vitest'
import { ArgumentError, DisposedError, KernelError, QueueFullError } from '../src/index.js'
import { libraryPath, openDevice, openProbe, u32 } from './helpers.js'

const one = [1, 1, 1] as const

describe('CommandGraph', () => {
  it('is recorded once and submitted many times', async () => {
    const { device, probe } = await openProbe()
    const out = device.allocate('uint32', 8)
    const graph = device
      .createGraph({ label: 'g' })
      .dispatch(probe.kernel('cover'), { grid: [8, 1, 1], buffers: [out] })
    expect([graph.length, graph.label]).toEqual([1, 'g'])
    for (let i = 0; i < 5; i++) await graph.submit().completed
    const { steps } = await graph.submit({ steps: 10 }).completed
    expect(steps).toBe(10)
    expect(out).toEqual(new Uint32Array(8).fill(15))
    expect(() => graph.dispatch(probe.kernel('cover'), { grid: one, buffers: [out] })).toThrow(
      '[graph.dispatch] expected a graph that has not been submitted',
    )
    expect(() => device.createGraph().submit()).toThrow('expected a graph with dispatches')
  })

  it('puts a barrier where ranges overlap with a write, and nowhere else', async () => {
    const { device, probe } = await openProbe()
    const copy = probe.kernel('copy')
    const buffer = device.createBuffer({ byteLength: 64 })
    const at = (i: number): ReturnType<typeof buffer.view> => buffer.view(16 * i, 16)
    const graph = device.createGraph()
    for (const [from, to] of [
      [0, 1],
      [0, 2],
      [1, 3],
      [0, 0],
      [2, 3],
    ]) {
      graph.dispatch(copy, { grid: one, buffers: [at(from), at(to)] })
    }
    // 0>1 and 0>2 read the same; 1>3 reads what was written; 0>0 shares nothing with 1>3; 2>3 writes what 1>3 does.
    expect(graph.stages).toEqual([0, 0, 1, 1, 2])
    buffer.asUint8Array().fill(7, 0, 16)
    await graph.submit().completed
    expect(buffer.asUint8Array()).toEqual(new Uint8Array(64).fill(7))
  })

  it('refuses a written range that overlaps another argument, unless the kernel works in place', async () => {
    const { device, probe } = await openProbe()
    const buffer = device.createBuffer({ byteLength: 64 })
    const record =
      (name: string, ...buffers: ReturnType<typeof buffer.view>[]) =>
      (): unknown =>
        device.createGraph().dispatch(probe.kernel(name), { grid: one, buffers })
    expect(record('copy', buffer.view(0, 16), buffer.view(15, 16))).toThrow(
      "[copy] expected arguments 'in' and 'out' to share no bytes, as one of them is written, got ranges that overlap; bind the same range to both",
    )
    expect(record('copy', buffer.view(4, 8), buffer.view(0, 16))).toThrow(ArgumentError)
    expect(record('copy', buffer.view(0, 16), buffer.view(16, 16))).not.toThrow()
    expect(record('copy', buffer.view(8, 16), buffer.view(8))).not.toThrow()
    // blend reads two and writes one, in place only over the first.
    const [a, b] = [buffer.view(0, 16), buffer.view(32, 16)]
    expect(record('blend', a, a, b)).not.toThrow()
    expect(record('blend', a, b, a)).not.toThrow()
    expect(record('blend', a, b, b)).toThrow("[blend] expected arguments 'second' and 'out' to share no bytes")
    expect(record('blend', a, b, b)).toThrow('bind separate memory')
    expect(record('blend', a, a, a)).toThrow("'second' and 'out'")
    expect(probe.kernel('blend').arguments.map((argument) => argument.mayAlias)).toEqual([
      undefined,
      undefined,
      'first',
    ])
  })

  it('keeps order between dispatches that depend on each other, through many stages', async () => {
    const { device, probe } = await openProbe()
    const log = device.createBuffer({ byteLength: 4 * 600 })
    const graph = device.createGraph()
    for (let i = 0; i < 500; i++) graph.dispatch(probe.kernel('append'), { grid: one, buffers: [log, u32(i)] })
    await graph.submit().completed
    expect([...log.asUint32Array().subarray(0, 501)]).toEqual([500, ...Array.from({ length: 500 }, (_, i) => i)])
  })

  it('copies arguments by value when it is recorded', async () => {
    const { device, probe } = await openProbe()
    const log = device.createBuffer({ byteLength: 64 })
    const value = u32(3)
    const graph = device.createGraph().dispatch(probe.kernel('append'), { grid: one, buffers: [log, value] })
    value[0] = 4
    await graph.submit().completed
    expect([...log.asUint32Array().subarray(0, 2)]).toEqual([1, 3])
    const plain = device.createGraph()
    expect(() => plain.dispatch(probe.kernel('append'), { grid: one, buffers: [new Uint32Array(16), value] })).toThrow(
      "[append] expected device memory for argument 'log'",
    )
  })

  it('runs several submissions in flight first in, first out', async () => {
    const { device, probe } = await openProbe()
    const log = device.createBuffer({ byteLength: 1024 })
    const submissions = Array.from({ length: 100 }, (_, i) =>
      device
        .createGraph()
        .dispatch(probe.kernel('append'), { grid: one, buffers: [log, u32(i)] })
        .submit(),
    )
    const order: number[] = []
    await Promise.all(submissions.map(async ({ completed }, i) => completed.then(() => order.push(i))))
    const expected = Array.from({ length: 100 }, (_, i) => i)
    expect(order).toEqual(expected)
    expect([...log.asUint32Array().subarray(1, 101)]).toEqual(expected)
  })

  it('bounds how many are in flight', async () => {
    const device = await openDevice({ maxInFlight: 2 })
    const probe = await device.loadLibrary({ kind: 'shared', path: libraryPath('probe') })
    const graph = device.createGraph().dispatch(probe.kernel('sleep'), { grid: one, buffers: [u32(5)] })
    const [a, b] = [graph.submit(), graph.submit()]
    expect(() => graph.submit()).toThrow(QueueFullError)
    await a.completed
    await Promise.all([b.completed, graph.submit().completed])
  })

  it('stops steps when the done flag is set on the device', async () => {
    const { device, probe } = await openProbe()
    const state = device.createBuffer({ data: Uint32Array.of(4, 0) })
    const graph = device.createGraph().dispatch(probe.kernel('countdown'), { grid: one, buffers: [state] })
    const done = state.view(4, 4)
    const results = await Promise.all(
      [graph.submit({ steps: 10, done }), graph.submit({ steps: 3, done })].map((s) => s.completed),
    )
    expect(results.map((result) => result.steps)).toEqual([4, 0])
    expect([...state.asUint32Array()]).toEqual([0, 1])
    expect(() => graph.submit({ done: state.view(6, 2) })).toThrow('expected done to be a view of 4 bytes')
    expect(() => graph.submit({ done: { buffer: state, offset: 2, byteLength: 4 } })).toThrow('aligned to 4 bytes')
  })

  it('times each dispatch in profile mode', async () => {
    const { device, probe } = await openProbe()
    const graph = device
      .createGraph()
      .dispatch(probe.kernel('sleep'), { grid: one, buffers: [u32(5)], label: 'five' })
      .dispatch(probe.kernel('sleep'), { grid: one, buffers: [u32(1)] })
    const plain = await graph.submit().completed
    expect(plain.dispatches).toBeUndefined()
    const result = await graph.submit({ steps: 2, profile: true }).completed
    const times = result.dispatches ?? []
    expect(times.map(({ kernel, label, step }) => [kernel, label, step])).toEqual([
      ['sleep', 'five', 0],
      ['sleep', undefined, 0],
      ['sleep', 'five', 1],
      ['sleep', undefined, 1],
    ])
    let last = result.startNs
    for (const { label, startNs, endNs, busyNs } of times) {
      expect(busyNs).toBeGreaterThanOrEqual(label === 'five' ? 5e6 : 1e6)
      expect(endNs - startNs).toBeGreaterThanOrEqual(busyNs!)
      expect(startNs).toBeGreaterThanOrEqual(last)
      last = endNs
    }
    expect(result.endNs).toBeGreaterThanOrEqual(last)
    expect(result.clockNs).toBeGreaterThan(0)
    expect(() => graph.submit({ steps: 1e9, profile: true })).toThrow('expected at most 1048576 dispatches to profile')
  })

  it('fails a submission with the kernel, skips what follows in it, and goes on with the next', async () => {
    const { device, probe } = await openProbe()
    const log = device.createBuffer({ byteLength: 64 })
    const append = probe.kernel('append')
    const failing = device
      .createGraph()
      .dispatch(append, { grid: one, buffers: [log, u32(1)] })
      .dispatch(probe.kernel('fail'), { grid: one, buffers: [u32(0)], label: 'here' })
      .dispatch(append, { grid: one, buffers: [log, u32(2)] })
    const next = device.createGraph().dispatch(append, { grid: one, buffers: [log, u32(3)] })
    const [a, b] = [failing.submit({ steps: 3 }), next.submit()]
    await expect(a.completed).rejects.toMatchObject({ kernel: 'fail', label: 'here', name: 'KernelError' })
    await b.completed
    // The first append shares nothing with fail, so that it may run beside it or be skipped; the second comes after.
    const [count, ...values] = log.asUint32Array()
    expect(values.slice(0, count)).not.toContain(2)
    expect(values[count - 1]).toBe(3)
    await expect(failing.submit().completed).rejects.toBeInstanceOf(KernelError)
  })

  it('looks at the signal between steps', async () => {
    const { device, probe } = await openProbe()
    const log = device.createBuffer({ byteLength: 4096 })
    const graph = device
      .createGraph()
      .dispatch(probe.kernel('append'), { grid: one, buffers: [log, u32(0)] })
      .dispatch(probe.kernel('sleep'), { grid: one, buffers: [u32(1)] })
    const controller = new AbortController()
    const submission = graph.submit({ steps: 100_000, signal: controller.signal })
    setTimeout(() => {
      controller.abort(new Error('enough'))
    }, 10)
    await expect(submission.completed).rejects.toThrow('enough')
    await expect(graph.submit({ signal: AbortSignal.abort() }).completed).rejects.toMatchObject({ name: 'AbortError' })
    expect((await graph.submit({ signal: new AbortController().signal }).completed).steps).toBe(1)
  })

  it('survives dispose in flight: buffers, graph and library', async () => {
    const { device, probe } = await openProbe()
    const buffer = device.createBuffer({ byteLength: 1 << 20 })
    const target = device.createBuffer({ byteLength: 1 << 20 })
    buffer.asUint8Array().fill(5)
    const sleep = device.createGraph().dispatch(probe.kernel('sleep'), { grid: one, buffers: [u32(20)] })
    const copy = device.createGraph().dispatch(probe.kernel('copy'), { grid: one, buffers: [buffer, target] })
    sleep.submit()
    const { completed } = copy.submit()
    const bytes = target.read(0, 16)
    for (const item of [buffer, copy, sleep, probe]) item.dispose()
    target.dispose()
    await completed
    expect(await bytes).toEqual(new Uint8Array(16).fill(5))
    expect(() => copy.submit()).toThrow(DisposedError)
    expect(() => device.createGraph().dispatch(probe.kernel('copy'), { grid: one, buffers: [] })).toThrow(DisposedError)
  })

  it('survives dispose in flight: the device, without waiting for it', async () => {
    const { device, probe } = await openProbe()
    const sleep = device.createGraph().dispatch(probe.kernel('sleep'), { grid: one, buffers: [u32(100)] })
    const buffer = device.createBuffer({ byteLength: 16 })
    const [running, queued] = [sleep.submit({ steps: 100 }), sleep.submit()]
    const read = buffer.read()
    await new Promise((done) => setTimeout(done, 10))
    const start = performance.now()
    device.dispose()
    for (const promise of [running.completed, queued.completed, read]) {
      await expect(promise).rejects.toBeInstanceOf(DisposedError)
    }
    expect(performance.now() - start).toBeLessThan(5000) // all steps sleep for ten seconds
  })

  it('does not end the process for a failure that nobody awaits', async () => {
    const { device, probe } = await openProbe()
    device
      .createGraph()
      .dispatch(probe.kernel('fail'), { grid: one, buffers: [u32(0)] })
      .submit()
    await probe.dispatch('fail', { grid: one, buffers: [u32(0)], wait: false })
    await new Promise((done) => setTimeout(done, 20))
  })
})
