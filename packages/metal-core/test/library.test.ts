import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DisposedError, KernelLibraryError, loadAddon, type NativeProvider } from '../src/index.js'
import { libraryPath, openDevice, openProbe, temporaryFolder } from './helpers.js'

describe('loadLibrary', () => {
  it('lists kernels with their arguments and constants', async () => {
    const { probe } = await openProbe()
    expect(probe.kernels).toContain('append')
    expect(probe.kernel('append').arguments).toEqual([
      { name: 'log', access: 'read_write', alignment: 4, valueBytes: 0, optional: false },
      { name: 'value', access: 'value', alignment: 4, valueBytes: 4, optional: false },
    ])
    expect(probe.kernel('fail').constants).toEqual({ message: 1 })
    const kernel = probe.kernel('fail', { message: 2 })
    expect(kernel).toMatchObject({ name: 'fail', constants: { message: 2 } })
    expect(probe.kernel('fail', { message: 2 })).toBe(kernel)
  })

  it('takes a handle or a promise of one from a provider, and does not load onto a disposed device', async () => {
    const addon = loadAddon()
    let loading: () => void = () => undefined
    const provider: NativeProvider = {
      ...addon,
      async loadLibrary(...args) {
        const handle = await addon.loadLibrary(...args)
        loading()
        return handle
      },
    }
    const device = await openDevice({ provider })
    const source = { kind: 'shared', path: libraryPath('probe') } as const
    expect((await device.loadLibrary(source)).kernels).toContain('cover')
    loading = () => {
      device.dispose()
    }
    await expect(device.loadLibrary(source)).rejects.toBeInstanceOf(DisposedError)
  })

  it('offers the instruction sets of the processor, or fewer when asked', async () => {
    const device = await openDevice()
    const path = libraryPath('probe')
    const { features } = device.info
    const offered = async (
      isa?: 'plain' | 'avx2' | 'avx512' | 'avx512vnni' | 'neondot' | 'neon',
    ): Promise<string | undefined> => {
      using library = await device.loadLibrary(
        isa === undefined ? { kind: 'shared', path } : { kind: 'shared', path, isa },
      )
      const out = device.allocate('uint32', 1)
      await library.dispatch('isa', { grid: [1, 1, 1], buffers: [out] })
      const bits = { avx512vnni: 3, avx512: 1, avx2: 0, neondot: 4, neon: 2 } // best first
      const best = Object.entries(bits).find(([, bit]) => (out[0] >> bit) & 1)
      expect(best?.[0] ?? 'plain').toBe(library.isa)
      return library.isa
    }
    expect(await offered()).toBe(features[0] ?? 'plain')
    expect(await offered('plain')).toBe('plain')
    for (const isa of ['avx2', 'avx512', 'avx512vnni', 'neondot', 'neon'] as const) {
      if (features.includes(isa)) expect(await offered(isa)).toBe(isa)
    }
  })

  it.each([
    [0, 'expected an exported function cpu_kernel_library_open, got none'],
    [1, 'expected cpu_kernel_library_open to return a table, got null'],
    [2, 'expected ABI 1, got ABI 99; build the library against this version'],
    [3, 'expected a known access of each argument, got another of kernel k'],
    [4, 'expected alignments that are powers of two'],
    [5, 'expected by-value sizes of 1 to 4096'],
    [6, 'expected argument names of 1 to 255 bytes that differ'],
    [7, 'expected a run function'],
    [8, 'expected a table of arguments'],
    [9, 'expected kernels of different names, got two named k'],
    [10, 'expected may_alias 0 or 1 + the index of another argument'],
  ])('refuses malformed library %i: %s', async (defect, message) => {
    const device = await openDevice()
    const load = (): Promise<unknown> =>
      device.loadLibrary({ kind: 'shared', path: libraryPath(`malformed-${defect}`) })
    await expect(load()).rejects.toThrow(KernelLibraryError)
    await expect(load()).rejects.toThrow(message)
  })

  it('refuses what is no library', async () => {
    const device = await openDevice()
    const folder = temporaryFolder()
    const text = join(folder, 'text.so')
    writeFileSync(text, 'hello')
    const truncated = join(folder, 'truncated.so')
    const whole = readFileSync(libraryPath('probe'))
    writeFileSync(truncated, whole.subarray(0, whole.length / 2))
    for (const path of [text, truncated, folder, join(folder, 'missing.so')]) {
      await expect(device.loadLibrary({ kind: 'shared', path })).rejects.toThrow(KernelLibraryError)
    }
    if (process.platform === 'linux') {
      await expect(device.loadLibrary({ kind: 'shared', path: truncated })).rejects.toThrow('got a truncated file')
    }
    await expect(device.loadLibrary({ kind: 'metal', source: 'kernel void f() {}' })).rejects.toThrow(
      "expected a library of kind 'shared' for the cpu device, got 'metal'",
    )
    const copied = join(folder, 'copied.so')
    copyFileSync(libraryPath('probe'), copied)
    expect((await device.loadLibrary({ kind: 'shared', path: copied })).kernels).toContain('cover')
    for (const bad of [
      undefined,
      null,
      {},
      { kind: 'dll', path: 'x' },
      { kind: 'shared' },
      { kind: 'shared', path: 'a\0' },
    ]) {
      await expect(device.loadLibrary(bad as never)).rejects.toThrow(/\[device.loadLibrary\] expected/)
    }
  })
})
