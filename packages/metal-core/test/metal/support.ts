import { afterEach, beforeAll, describe, it } from 'vitest'
import {
  createDevice,
  type CreateDeviceOptions,
  type Device,
  type KernelLibrary,
  type NativeProvider,
} from '../../src/index.js'
import { metalMissing, softwareMetalProvider, type SoftwareMetal } from '../support/software-metal.js'
import { probeKernels, probeSource } from './probe.js'

/** On a Mac the same tests run over Metal itself; elsewhere over software Metal. */
const real = process.platform === 'darwin'

/** Why the tests of the Metal device cannot run here; undefined when they can. */
export const missing: string | undefined = metalMissing

/** The tests of a file; where they cannot run, one that is skipped and says why. */
export function describeMetal(title: string, tests: () => void): void {
  if (missing === undefined) describe(`Metal: ${title}`, tests)
  else it.skip(`Metal: ${title} (${missing})`)
}

/** Why those that need software Metal (its faults, its validation, its counts) cannot. */
export const missingSoftware: string | undefined = real ? 'needs software Metal' : missing

export const one = [1, 1, 1] as const

const open: Device[] = []
let provider: Promise<SoftwareMetal> | undefined

// The addon, the runner and the kernels are compiled when they are first needed: minutes, on a small machine, that are no
// test's own.
beforeAll(async () => {
  if (missing !== undefined) return
  const device = await createDevice({ backend: 'metal', ...(await withProvider()) })
  const probe = await loadProbe(device)
  await probe.dispatch('cover', { grid: one, buffers: [new Uint32Array(1)] })
  device.dispose()
}, 600_000)

afterEach(() => {
  for (const device of open.splice(0)) device.dispose()
})

export function software(): Promise<SoftwareMetal> {
  provider ??= softwareMetalProvider()
  return provider
}

/** Options with the provider of the Metal device, if it is not the addon itself. */
export async function withProvider(options: CreateDeviceOptions = {}): Promise<CreateDeviceOptions> {
  const from: NativeProvider | undefined = real ? undefined : await software()
  return from === undefined ? options : { ...options, provider: from }
}

/** A Metal device that is disposed after the test. */
export async function openMetal(options: CreateDeviceOptions = {}): Promise<Device> {
  const device = await createDevice({ backend: 'metal', ...(await withProvider(options)) })
  open.push(device)
  return device
}

/** One with the kernels of probe.ts. */
export async function openProbe(options: CreateDeviceOptions = {}): Promise<{ device: Device; probe: KernelLibrary }> {
  const device = await openMetal(options)
  return { device, probe: await loadProbe(device) }
}

export function loadProbe(device: Device): Promise<KernelLibrary> {
  return device.loadLibrary({ kind: 'metal', source: probeSource, name: 'probe', kernels: probeKernels })
}

/** Bytes of uint32 arguments by value. */
export function u32(...values: number[]): Uint32Array {
  return Uint32Array.of(...values)
}
