import { expect, it } from 'vitest'
import { DisposedError, KernelError, QueueFullError } from '../../src/index.js'
import { describeMetal, missingSoftware, one, openProbe, software, u32 } from './support.js'

describeMetal('CommandGraph', () => {
  it('is recorded once and submitted many times', async () => {
    const { device, probe } = await openProbe()
    const out = device.allocate('uint32', 8)
    const graph = device.createGraph().dispatch(probe.kernel('cover'), { grid: [8, 1, 1], buffers: [out] })
    for (let i = 0; i < 5; i++) await graph.submit().completed
    const { steps, startNs, endNs } = await graph.submit({ steps: 10 }).completed
    expect(steps).toBe(10)
    expect(endNs).toBeGreaterThan(startNs)
    expect(out).toEqual(new Uint32Array(8).fill(15))
  })

  it('keeps order between dispatches that depend on each other, through stages and steps', async () => {
    const { device, probe } = await openProbe()
    const log = device.createBuffer({ byteLength: 4 * 200 })
    const graph = device.createGraph()
    for (let i = 0; i < 50; i++) graph.dispatch(probe.kernel('append'), { grid: one, buffers: [log, u32(i)] })
    await graph.submit({ steps: 3 }).completed
    const expected = Array.from({ length: 150 }, (_, i) => i % 50)
    expect([...log.asUint32Array().subarray(0, 151)]).toEqual([150, ...expected])
  })

  it('runs several submissions in flight first in, first out', async () => {
    const { device, probe } = await openProbe()
    const log = device.createBuffer({ byteLength: 1024 })
    const submissions = Array.from({ length: 30 }, (_, i) =>
      device
        .createGraph()
        .dispatch(probe.kernel('append'), { grid: one, buffers: [log, u32(i)] })
        .submit(),
    )
    const order: number[] = []
    await Promise.all(submissions.map(async ({ completed }, i) => completed.then(() => order.push(i))))
    const expected = Array.from({ length: 30 }, (_, i) => i)
    expect(order).toEqual(expected)
    expect([...log.asUint32Array().subarray(1, 31)]).toEqual(expected)
  })

  it('bounds how many are in flight', async () => {
    const { device, probe } = await openProbe({ maxInFlight: 2 })
    const state = device.createBuffer({ byteLength: 4 })
    const graph = device.createGraph().dispatch(probe.kernel('spin'), { grid: one, buffers: [state, u32(100)] })
    const [a, b] = [graph.submit(), graph.submit()]
    expect(() => graph.submit()).toThrow(QueueFullError)
    await a.completed
    await Promise.all([b.completed, graph.submit().completed])
    expect(state.asUint32Array()[0]).toBe(300)
  })

  it.each(['shared', 'private'] as const)(
    'stops steps when the done flag is set on the device, in %s memory',
    async (storage) => {
      const { device, probe } = await openProbe()
      const state = device.createBuffer({ data: u32(4, 0), storage })
      const graph = device.createGraph().dispatch(probe.kernel('countdown'), { grid: one, buffers: [state] })
      const done = state.view(4, 4)
      const results = await Promise.all(
        [graph.submit({ steps: 10, done }), graph.submit({ steps: 3, done })].map((s) => s.completed),
      )
      expect(results.map((result) => result.steps)).toEqual([4, 0])
      expect([...new Uint32Array((await state.read()).buffer)]).toEqual([0, 1])
      await state.write(u32(1, 0))
      expect((await graph.submit({ steps: 5, done }).completed).steps).toBe(1)
    },
  )

  it('stops far before the last step when the flag is set', async () => {
    const { device, probe } = await openProbe()
    const state = device.createBuffer({ data: u32(600, 0) })
    const graph = device.createGraph().dispatch(probe.kernel('countdown'), { grid: one, buffers: [state] })
    const { steps } = await graph.submit({ steps: 1e9, done: state.view(4, 4) }).completed
    expect(steps).toBe(600)
  })

  it('times each dispatch in profile mode, also with a done flag', async () => {
    const { device, probe } = await openProbe()
    const state = device.createBuffer({ data: u32(2, 0) })
    const spun = device.createBuffer({ byteLength: 4 })
    const graph = device
      .createGraph()
      .dispatch(probe.kernel('spin'), { grid: one, buffers: [spun, u32(200)], label: 'long' })
      .dispatch(probe.kernel('countdown'), { grid: one, buffers: [state] })
    const result = await graph.submit({ steps: 5, profile: true, done: state.view(4, 4) }).completed
    expect(result.steps).toBe(2)
    const times = result.dispatches ?? []
    expect(times.map(({ kernel, label, step }) => [kernel, label, step])).toEqual([
      ['spin', 'long', 0],
      ['countdown', undefined, 0],
      ['spin', 'long', 1],
      ['countdown', undefined, 1],
    ])
    let last = result.startNs
    for (const { startNs, endNs } of times) {
      expect(startNs).toBeGreaterThanOrEqual(last)
      expect(endNs).toBeGreaterThanOrEqual(startNs)
      last = endNs
    }
    expect(result.endNs).toBeGreaterThanOrEqual(last)
    expect((await graph.submit().completed).dispatches).toBeUndefined()
  })

  it('times command buffers where it cannot time that many encoders', async () => {
    const { device, probe } = await openProbe()
    const out = device.createBuffer({ byteLength: 8 })
    const cover = probe.kernel('cover')
    const graph = device.createGraph()
    for (let i = 0; i < 1025; i++) graph.dispatch(cover, { grid: one, buffers: [out.view(0, 4)] })
    const result = await graph.submit({ steps: 2, profile: true, done: out.view(4, 4) }).completed
    expect(result.steps).toBe(2)
    expect(out.asUint32Array()[0]).toBe(2050)
    const times = result.dispatches ?? []
    expect(times.map(({ step }) => step)).toEqual([...Array<number>(1025).fill(0), ...Array<number>(1025).fill(1)])
    expect(times.every(({ startNs, endNs }) => startNs >= result.startNs && startNs <= endNs)).toBe(true)
    expect(times[2049].endNs).toBeLessThanOrEqual(result.endNs)
  })

  it('tells a failure in the middle of many steps, and goes no further', async () => {
    const { device, probe } = await openProbe()
    const state = device.createBuffer({ data: u32(0, 0) })
    const graph = device
      .createGraph()
      .dispatch(probe.kernel('cover'), { grid: one, buffers: [state.view(0, 4)] })
      .dispatch(probe.kernel('limit'), { grid: one, buffers: [state.view(0, 4), u32(100)] })
    const error: unknown = await graph.submit({ steps: 1e9 }).completed.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(KernelError)
    expect(String(error)).toContain('got 101 at 0')
    expect(state.asUint32Array()[0]).toBe(100) // clamped
  })

  it('looks at the signal between steps', async () => {
    const { device, probe } = await openProbe()
    const state = device.createBuffer({ byteLength: 4 })
    const graph = device.createGraph().dispatch(probe.kernel('spin'), { grid: one, buffers: [state, u32(10)] })
    const controller = new AbortController()
    const submission = graph.submit({ steps: 1e9, signal: controller.signal })
    setTimeout(() => {
      controller.abort(new Error('enough'))
    }, 10)
    await expect(submission.completed).rejects.toThrow('enough')
    await expect(graph.submit({ signal: AbortSignal.abort() }).completed).rejects.toMatchObject({ name: 'AbortError' })
    expect((await graph.submit({ signal: new AbortController().signal }).completed).steps).toBe(1)
  })

  it('fails a submission with the first failure, in the order of the graph, and goes on with the next', async () => {
    const { device, probe } = await openProbe()
    const values = device.createBuffer({ data: u32(1, 50) })
    const limit = probe.kernel('limit')
    const spec = { grid: one, threadgroup: [2, 1, 1] as const }
    const failing = device
      .createGraph()
      .dispatch(limit, { ...spec, buffers: [values, u32(90)], label: 'passes' })
      .dispatch(limit, { ...spec, buffers: [values, u32(20)], label: 'first' })
      .dispatch(limit, { ...spec, buffers: [values, u32(10)], label: 'second' })
    const [a, b] = [failing.submit({ steps: 3 }), failing.submit()]
    await expect(a.completed).rejects.toMatchObject({
      name: 'KernelError',
      message: '[limit] expected values of at most the limit, got 50 at 1. Lower it.',
      label: 'first',
    })
    await b.completed // clamped by now: its state is its own
    expect([...values.asUint32Array()]).toEqual([1, 10])
    values.asUint32Array()[1] = 15
    await expect(failing.submit().completed).rejects.toMatchObject({ label: 'second' })
  })

  it('survives dispose in flight: buffers, graph and library', async () => {
    const { device, probe } = await openProbe()
    const source = device.createBuffer({ data: new Uint8Array(4096).fill(5) })
    const target = device.createBuffer({ byteLength: 4096, storage: 'private' })
    const graph = device.createGraph().dispatch(probe.kernel('copy'), {
      grid: [16, 1, 1],
      threadgroup: [256, 1, 1],
      buffers: [source, target, u32(4096)],
    })
    const { completed } = graph.submit()
    const bytes = target.read(0, 16)
    for (const item of [source, target, graph, probe]) item.dispose()
    await completed
    expect(await bytes).toEqual(new Uint8Array(16).fill(5))
    expect(() => graph.submit()).toThrow(DisposedError)
  })

  it('survives dispose in flight: the device, without waiting for it', async () => {
    const { device, probe } = await openProbe()
    const state = device.createBuffer({ byteLength: 4 })
    const spin = device.createGraph().dispatch(probe.kernel('spin'), { grid: one, buffers: [state, u32(1000)] })
    const running = spin.submit({ steps: 1e9 })
    const queued = spin.submit()
    const read = state.read()
    const loading = device.loadLibrary({ kind: 'metal', source: 'kernel void later() {}' })
    device.dispose()
    const results = await Promise.allSettled([running.completed, queued.completed, read, loading])
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(DisposedError) })
  })

  it.skipIf(missingSoftware)(
    'puts barriers between stages only, and a race is found where one is missing',
    async () => {
      const { device, probe } = await openProbe()
      const { softwareMetal } = await software()
      const buffers = [0, 1, 2, 3].map((i) => device.createBuffer({ data: new Uint8Array(64).fill(i + 1) }))
      const copy = { grid: one, threadgroup: [64, 1, 1] as const }
      const graph = device.createGraph()
      for (const [from, to] of [
        [0, 1],
        [0, 2],
        [1, 3],
      ]) {
        graph.dispatch(probe.kernel('copy'), { ...copy, buffers: [buffers[from], buffers[to], u32(64)] })
      }
      expect(graph.stages).toEqual([0, 0, 1])
      await graph.submit().completed // pipelines are there
      softwareMetal.takeStatistics()
      await graph.submit({ steps: 2 }).completed
      expect(softwareMetal.takeStatistics()).toMatchObject({
        commandBuffers: 1,
        computeEncoders: 1,
        dispatches: 6,
        barriers: 3,
      })
      softwareMetal.ignoreBarriers(true)
      const racing = graph.submit().completed
      await expect(racing).rejects.toBeInstanceOf(KernelError)
      await expect(racing).rejects.toThrow(/race/i)
      softwareMetal.ignoreBarriers(false)
      await graph.submit().completed
      expect(softwareMetal.validationErrors()).toEqual([])
    },
  )
})
