import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach } from 'vitest'
import { createDevice, type CreateDeviceOptions, type Device, type KernelLibrary } from '../src/index.js'

export const addonPath: string = fileURLToPath(new URL('../build/Release/metal_core.node', import.meta.url))

/** A library of build/test: 'probe', 'stranger', 'throws', 'malformed-3'. */
export function libraryPath(name: string): string {
  return fileURLToPath(new URL(`../build/test/${name}.so`, import.meta.url))
}

const open: Device[] = []

afterEach(() => {
  for (const device of open.splice(0)) device.dispose()
})

/** A device that is disposed after the test: the CPU, unless asked for another. */
export async function openDevice(options?: CreateDeviceOptions): Promise<Device> {
  const device = await createDevice({ backend: 'cpu', ...options })
  open.push(device)
  return device
}

export async function openProbe(): Promise<{ device: Device; probe: KernelLibrary }> {
  const device = await openDevice()
  return { device, probe: await device.loadLibrary({ kind: 'shared', path: libraryPath('probe') }) }
}

/** Bytes of a uint32 argument by value. */
export function u32(value: number): Uint32Array {
  return Uint32Array.of(value)
}

/** A folder that is removed after the file's tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'metal-core-'))
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** Runs a driver of test/drivers in a plain Node process. */
export function runDriver(
  name: string,
  args: readonly string[] = [],
  nodeArgs: readonly string[] = [],
  timeout = 60_000,
): { status: number | null; signal: NodeJS.Signals | null; output: string } {
  const file = fileURLToPath(new URL(`drivers/${name}`, import.meta.url))
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...nodeArgs, file, addonPath, ...args], {
    encoding: 'utf8',
    timeout,
  })
  return { status, signal, output: stdout + stderr }
}
