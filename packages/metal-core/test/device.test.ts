import { describe, expect, it, vi } from 'vitest'
import { BackendUnavailableError, createDevice, loadAddon, systemLimits } from '../src/index.js'
import { libraryPath, openDevice } from './helpers.js'

describe('createDevice', () => {
  it('describes the CPU', async () => {
    const { info } = await openDevice()
    expect(info).toMatchObject({ backend: 'cpu', pageBytes: 16384, maxThreadsPerThreadgroup: 1024 })
    expect(info.name).not.toBe('')
    expect(info.cores).toBe(systemLimits().cores)
    expect(info.threads).toBe(info.cores)
    expect(info.memoryBytes).toBeGreaterThan(1e8)
    expect(info.copyGigabytesPerSecond).toBeGreaterThan(0.1)
    expect(info.copyGigabytesPerSecond).toBeLessThan(10_000)
    expect(Object.isFrozen(info)).toBe(true)
  })

  it('measures bandwidth once for a process and number of threads', async () => {
    const [a, b] = [await openDevice(), await openDevice()]
    expect(a.info.copyGigabytesPerSecond).toBe(b.info.copyGigabytesPerSecond)
  })

  it('clamps threads to the cores, with a warning', async () => {
    const onWarning = vi.fn<(message: string) => void>()
    const { cores } = systemLimits()
    const device = await openDevice({ threads: cores + 3, onWarning })
    expect(device.info.threads).toBe(cores)
    expect(onWarning).toHaveBeenCalledExactlyOnceWith(
      `[createDevice] expected at most ${cores} threads, the cores this process may use, got ${cores + 3}; using ${cores}`,
    )
    expect((await openDevice({ threads: 1, onWarning })).info.threads).toBe(1)
    expect(onWarning).toHaveBeenCalledOnce()
  })

  it.each(['metal', 'cuda'] as const)('says what %s would need', async (backend) => {
    const provider = { ...loadAddon(), backends: () => ['cpu'] as const } // as on a system that has neither
    const error = await createDevice({ backend, provider }).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(BackendUnavailableError)
    expect(String(error)).toMatch(
      new RegExp(`expected backend '${backend}', got an addon with cpu; '${backend}' needs .+`),
    )
  })

  it('takes the best backend of a provider that works', async () => {
    const addon = loadAddon()
    const provider = {
      ...addon,
      backends: () => ['cuda', 'cpu'] as const, // the addon refuses the first
    }
    const device = await createDevice({ provider })
    expect(device.info.backend).toBe('cpu')
    device.dispose()
  })

  it('is disposed by using, twice without harm', async () => {
    const device = await createDevice()
    device[Symbol.dispose]()
    device.dispose()
    expect(device.disposed).toBe(true)
    expect(() => device.createBuffer({ byteLength: 4 })).toThrow(/\[device.createBuffer\] expected a live device/)
    await expect(device.loadLibrary({ kind: 'shared', path: libraryPath('probe') })).rejects.toThrow(/live device/)
  })

  it('refuses bad options', async () => {
    const bad: unknown[] = [null, 3, { threads: 0 }, { threads: 1.5 }, { backend: 'toString' }, { onWarning: 1 }]
    bad.push({ maxInFlight: 0 }, { provider: {} }, { provider: 3 })
    for (const options of bad) {
      await expect(createDevice(options as never)).rejects.toMatchObject({ code: 'ERR_METAL_CORE_ARGUMENT' })
    }
  })
})
