import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { createDevice, DeviceLostError, OutOfMemoryError } from '../../src/index.js'
import {
  loadProbe,
  missingSoftware,
  one,
  openMetal,
  openProbe,
  software,
  u32,
  withProvider,
  describeMetal,
} from './support.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Metal objects that are alive once the devices' threads have ended, and kernels, which have no dispose, were collected. */
async function leaked(): Promise<Readonly<Record<string, number>>> {
  const { softwareMetal } = await software()
  let alive: Readonly<Record<string, number>> = {}
  for (let i = 0; i < 200; i++) {
    collect()
    alive = softwareMetal.liveObjects()
    if (Object.keys(alive).length === 0) break
    await new Promise((done) => setTimeout(done, 25))
  }
  return alive
}

describeMetal('the device', () => {
  it('is what createDevice prefers, and describes itself', async () => {
    const device = await createDevice(await withProvider())
    const { info } = device
    expect(info).toMatchObject({ backend: 'metal', threads: 0 })
    expect(info.name).not.toBe('')
    expect(info.memoryBytes).toBeGreaterThan(1e8)
    expect(info.copyGigabytesPerSecond).toBeGreaterThan(0.01)
    expect(info.features.length).toBeGreaterThan(0)
    expect(info.features.every((name) => /^(apple|mac|metal)\d+$/.test(name))).toBe(true)
    expect(info.offsetAlignment).toBe(16)
    expect(info.pageBytes).toBeGreaterThanOrEqual(4096)
    expect(info.maxThreadsPerThreadgroup).toBe(1024)
    device.dispose()
    device.dispose()
    expect(() => device.createBuffer({ byteLength: 4 })).toThrow('expected a live device')
    const cpu = await createDevice({ ...(await withProvider()), backend: 'cpu' })
    expect(cpu.info.backend).toBe('cpu')
    cpu.dispose()
  })

  it.skipIf(missingSoftware)('leaks nothing: buffers, libraries, graphs, submissions, maps, failures', async () => {
    const { softwareMetal } = await software()
    await useEverything()
    expect(await leaked()).toEqual({})
    expect(softwareMetal.validationErrors()).toEqual([])
  })

  async function useEverything(): Promise<void> {
    const { softwareMetal } = await software()
    const { device, probe } = await openProbe()
    const log = device.createBuffer({ byteLength: 64, storage: 'private' })
    const big = device.createBuffer({ data: new Uint8Array(2 << 20), storage: 'private' })
    const graph = device.createGraph().dispatch(probe.kernel('append'), { grid: one, buffers: [log, u32(1)] })
    await graph.submit({ steps: 3, done: big.view(0, 4) }).completed
    await graph.submit({ profile: true }).completed
    await log.read()
    await device.loadLibrary({ kind: 'metal', source: 'nonsense' }).catch(() => undefined)
    await device.loadLibrary({ kind: 'metal', source: 'kernel void f(device float* x [[buffer(0)]]) { x[0] = 1; }' })
    const limit = { grid: one, buffers: [u32(5), u32(1)] }
    await probe.dispatch('limit', limit).catch(() => undefined)
    const mapped = device.mapFile(process.execPath)
    await mapped.read(0, 16)
    expect(softwareMetal.liveObjects()).toHaveProperty('MTLBuffer')
    graph.submit({ steps: 50 })
    graph.dispose()
    probe.dispose()
    device.dispose()
  }

  it.skipIf(missingSoftware)('is created and disposed 500 times without a trace', async () => {
    const { softwareMetal } = await software()
    const options = await withProvider({ backend: 'metal' })
    for (let i = 0; i < 500; i++) {
      const device = await createDevice(options)
      const buffer = device.createBuffer({ data: u32(i), storage: i % 2 === 0 ? 'private' : 'shared' })
      if (i % 10 === 0) expect([...new Uint32Array((await buffer.read()).buffer)]).toEqual([i])
      device.dispose()
    }
    expect(await leaked()).toEqual({})
    expect(softwareMetal.validationErrors()).toEqual([])
  })

  it.skipIf(missingSoftware)('tells what command buffers fail of by kind', async () => {
    const { softwareMetal } = await software()
    const { device, probe } = await openProbe()
    const out = device.createBuffer({ byteLength: 4 })
    const graph = device.createGraph().dispatch(probe.kernel('cover'), { grid: one, buffers: [out] })
    softwareMetal.fail('out of memory', 0)
    await expect(graph.submit().completed).rejects.toBeInstanceOf(OutOfMemoryError)
    softwareMetal.fail('out of memory', 0)
    await expect(out.read()).rejects.toBeInstanceOf(OutOfMemoryError)
    softwareMetal.fail('out of memory', 0)
    await expect(out.write(u32(1))).rejects.toBeInstanceOf(OutOfMemoryError)
    await graph.submit().completed
    // The upload of a new buffer has nobody who waits for it: the next result tells.
    softwareMetal.fail('out of memory', 0)
    device.createBuffer({ data: u32(1), storage: 'private' })
    await expect(graph.submit().completed).rejects.toBeInstanceOf(OutOfMemoryError)
    await graph.submit().completed
    softwareMetal.fail('device removed', 0)
    const lost = graph.submit().completed
    await expect(lost).rejects.toBeInstanceOf(DeviceLostError)
    await expect(lost).rejects.toThrow('dispose the device and create another')
    device.dispose()
    softwareMetal.clearFaults()
    softwareMetal.fail('compile', 0)
    const other = await openMetal()
    await expect(loadProbe(other)).rejects.toThrow('expected Metal source that compiles (probe)')
    await loadProbe(other)
  })

  it.skipIf(missingSoftware)('runs on macOS 14, which has no residency sets and no math modes', async () => {
    const { softwareMetal } = await software()
    softwareMetal.setOperatingSystem(14)
    const { device, probe } = await openProbe()
    const data = new Uint8Array(2 << 20).fill(3)
    const big = device.createBuffer({ data, storage: 'private' })
    const out = new Uint8Array(64)
    await probe.dispatch('copy', { grid: one, threadgroup: [64, 1, 1], buffers: [big, out, u32(64)] })
    expect(out).toEqual(new Uint8Array(64).fill(3))
    softwareMetal.setOperatingSystem(15)
    expect(softwareMetal.validationErrors()).toEqual([])
  })
})
