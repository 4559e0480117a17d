import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { KernelLibraryError, type KernelDescription } from '../../src/index.js'
import { libraryPath, temporaryFolder } from '../helpers.js'
import { probeKernels, probeSource } from './probe.js'
import { describeMetal, missingSoftware, one, openMetal, openProbe, software, u32 } from './support.js'

const strangers = `
#include <metal_stdlib>
using namespace metal;

constant bool squared [[function_constant(3)]];
constant uint offset [[function_constant(1)]];

kernel void sum(device const float* x [[buffer(2)]],
                device float* out [[buffer(0)]],
                constant uint& n [[buffer(5)]]) {
  float total = float(offset);
  for (uint i = 0; i < n; i++) total += squared ? x[i] * x[i] : x[i];
  out[0] = total;
}

kernel void needs_host_length(device float* out [[buffer(0)]], threadgroup float* scratch [[threadgroup(0)]]) {
  scratch[0] = 1;
  out[0] = scratch[0];
}
`

describeMetal('loadLibrary', () => {
  it('takes kernels from their descriptions', async () => {
    const { probe } = await openProbe()
    expect(probe.backend).toBe('metal')
    expect(probe.isa).toBeUndefined()
    expect(probe.kernels).toEqual(probeKernels.map(({ name }) => name))
    expect(probe.kernel('scale').arguments).toEqual(probeKernels.find(({ name }) => name === 'scale')?.arguments)
    expect(probe.kernel('scale').constants).toEqual({ hasY: 0, offset: 2 })
    expect(probe.kernel('scale', { hasY: 1 }).constants).toEqual({ hasY: 1, offset: 2 })
    expect(() => probe.kernel('nope')).toThrow("expected a kernel of this library, got 'nope'")
    expect(() => probe.kernel('scale', { nope: 1 })).toThrow("expected a function constant of the kernel, got 'nope'")
  })

  it('sees names, slots, access and constants of kernels that nobody described', async () => {
    const device = await openMetal()
    const library = await device.loadLibrary({ kind: 'metal', source: strangers })
    expect(library.kernels).toEqual(['needs_host_length', 'sum'])
    const kernel = library.kernel('sum')
    expect(kernel.arguments.map(({ name, access }) => [name, access])).toEqual([
      ['out', expect.stringMatching(/write/)],
      ['x', 'read'],
      ['n', 'read'],
    ])
    expect(kernel.constants).toEqual({ offset: 0, squared: 0 })
    const out = new Float32Array(1)
    const buffers = [out, Float32Array.of(1, 2, 3, 4), Uint32Array.of(3)]
    await library.dispatch('sum', { grid: one, buffers })
    expect(out[0]).toBe(6)
    await library.dispatch('sum', { grid: one, buffers, constants: { squared: 1, offset: 100 } })
    expect(out[0]).toBe(114)
    expect(() => library.kernel('sum', { squared: 2 })).toThrow("expected constant 'squared' of at most 1, got 2")
    expect(() => library.kernel('needs_host_length')).toThrow(
      "[needs_host_length] expected threadgroup memory that is declared inside the kernel, got argument 'scratch'",
    )
  })

  it("rejects with the compiler's log", async () => {
    const device = await openMetal()
    const source = `${probeSource}\nkernel void broken(device float* out [[buffer(0)]]) { out[0] = undeclared; }`
    const error = await device.loadLibrary({ kind: 'metal', source, name: 'my kernels' }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(KernelLibraryError)
    expect(String(error)).toContain('expected Metal source that compiles (my kernels), got:')
    expect(String(error)).toContain('undeclared')
  })

  it('refuses descriptions that cannot be right', async () => {
    const device = await openMetal()
    const load = (change: Partial<KernelDescription>): Promise<unknown> =>
      device.loadLibrary({ kind: 'metal', source: probeSource, kernels: [{ ...probeKernels[0], ...change }] })
    const [argument] = probeKernels[0].arguments
    const refused: [change: Partial<KernelDescription>, message: string][] = [
      [{ name: 'missing' }, "expected the described kernel 'missing' in the library, got none"],
      [{ name: '' }, 'expected names of 1 to 255 bytes'],
      [{ arguments: [argument, argument] }, 'argument names of 1 to 255 bytes that differ'],
      [{ arguments: [{ ...argument, alignment: 3 }] }, 'alignments that are powers of two'],
      [{ arguments: [{ ...argument, valueBytes: 4 }] }, 'valueBytes 0 of an argument that is not by value'],
      [{ arguments: [{ ...argument, access: 'value' }] }, 'by-value sizes of 1 to 4096 bytes'],
      [{ arguments: [{ ...argument, mayAlias: 'x' }] }, "expected mayAlias of 'out' to name another argument"],
      [{ constants: [{ name: 'c', defaultValue: 2, maxValue: 1 }] }, 'defaults of constants up to their maximum'],
      [{ failures: [''] }, 'messages of failures of 1 to 1024 bytes'],
      [
        { arguments: Array.from({ length: 31 }, (_, i) => ({ ...argument, name: `a${i}` })), failures: ['x'] },
        'at most 31 buffers, the status for its failures included',
      ],
      [{ arguments: [{ ...argument, valueBytes: 4097 }] }, 'to be an integer from 0 to 4096, got 4097'],
      [{ arguments: [{ ...argument, access: 'execute' as never }] }, 'access to be one of read, write'],
      [{ failures: 'x' as never }, 'kernels[0].failures to be an array'],
    ]
    for (const [change, message] of refused) await expect(load(change)).rejects.toThrow(message)
    const twice = { kind: 'metal', source: probeSource, kernels: [probeKernels[0], probeKernels[0]] } as const
    await expect(device.loadLibrary(twice)).rejects.toThrow("two descriptions of 'cover'")
  })

  it.skipIf(missingSoftware)(
    'compiles pipelines in the background, and fails the submission when that fails',
    async () => {
      const { probe } = await openProbe()
      const { softwareMetal } = await software()
      softwareMetal.fail('pipeline', 0)
      const buffers = [new Uint32Array(1)]
      const failing = probe.dispatch('cover', { grid: one, buffers }).catch((error: unknown) => error)
      expect(await failing).toBeInstanceOf(KernelLibraryError)
      expect(String(await failing)).toContain('[cover] expected a pipeline that compiles, got "')
      await probe.dispatch('countdown', { grid: one, buffers: [u32(1, 0)] }) // the device goes on
    },
  )

  it.skipIf(missingSoftware)('keeps a library usable when one of its kernels cannot be described', async () => {
    const device = await openMetal()
    const { softwareMetal } = await software()
    softwareMetal.fail('pipeline', 0)
    const source = `kernel void a(device uint* out [[buffer(0)]]) { out[0] = 1; }
kernel void b(device uint* out [[buffer(0)]]) { out[0] = 2; }`
    const library = await device.loadLibrary({ kind: 'metal', source })
    expect(library.kernels).toEqual(['a', 'b'])
    expect(() => library.kernel('a')).toThrow(KernelLibraryError)
    const out = new Uint32Array(1)
    await library.dispatch('b', { grid: one, buffers: [out] })
    expect(out[0]).toBe(2)
  })

  it('refuses libraries of other kinds and files that are none', async () => {
    const device = await openMetal()
    await expect(device.loadLibrary({ kind: 'shared', path: libraryPath('probe') })).rejects.toThrow(
      "expected a library of kind 'metal' or 'metallib' for the metal device",
    )
    const path = join(temporaryFolder(), 'no.metallib')
    await expect(device.loadLibrary({ kind: 'metallib', path })).rejects.toThrow('expected a metallib that loads')
    writeFileSync(path, 'hello')
    await expect(device.loadLibrary({ kind: 'metallib', path })).rejects.toBeInstanceOf(KernelLibraryError)
  })

  it.skipIf(missingSoftware)('opens a library by its path', async () => {
    const device = await openMetal()
    const path = join(temporaryFolder(), 'probe.metallib') // software Metal takes source under this name
    writeFileSync(path, probeSource)
    const library = await device.loadLibrary({ kind: 'metallib', path, kernels: probeKernels })
    const out = new Uint32Array(2)
    await library.dispatch('cover', { grid: [2, 1, 1], buffers: [out] })
    expect([...out]).toEqual([1, 1])
  })
})
