/**
 * The Metal device on Linux, over software Metal: `createDevice({ provider: await softwareMetalProvider() })`. For the tests of
 * this workspace, which import it as '@metal-fp4/metal-core/testing'; nothing of it is published.
 */
import { createRequire } from 'node:module'
import { objcDriver } from '@metal-fp4/metal-sim'
import { buildSoftwareMetal, missingForSoftwareMetal } from '../../scripts/software-metal.mjs'
import { BackendUnavailableError, createDevice, type NativeProvider } from '../../src/index.js'

export interface SoftwareMetalOptions {
  /** 'checked': kernels run under sanitizers, and races are looked for. 'fast': neither. Default: 'checked'. */
  readonly mode?: 'checked' | 'fast'
  /** Order of the threads between barriers; 0 is ascending. */
  readonly seed?: number
}

/** The addon: a provider, and what tests ask of software Metal. The latter is of the process, not of a device. */
export interface SoftwareMetal extends NativeProvider {
  readonly softwareMetal: {
    /** Before a device is created. */
    configure(driver: readonly string[], mode: string, seed: number, environment: readonly string[]): void
    /** Objects that are not deallocated, by class. */
    liveObjects(): Readonly<Record<string, number>>
    /** The next one after `skip` of its kind fails. */
    fail(what: 'allocation' | 'out of memory' | 'device removed' | 'compile' | 'pipeline', skip: number): void
    clearFaults(): void
    /** What Metal's API validation would have ended the process for, since the last call. */
    validationErrors(): readonly string[]
    /** Leaves out the barriers between dispatches of an encoder. */
    ignoreBarriers(ignore: boolean): void
    /** Below 15 there are no residency sets and no math modes. */
    setOperatingSystem(major: number): void
    /** Counted since the last call. */
    takeStatistics(): Readonly<
      Record<'commandBuffers' | 'computeEncoders' | 'blitEncoders' | 'dispatches' | 'barriers', number>
    >
  }
}

/** What has to be installed to use it; undefined when nothing is missing. */
export const softwareMetalMissing: string | undefined = missingForSoftwareMetal()

/**
 * Why the Metal device cannot be tested here; undefined when it can: over the GPU of a Mac, over software Metal elsewhere. A Mac
 * that is a virtual machine has a GPU that the device refuses; whatever else it fails of there is for the tests to tell.
 */
export const metalMissing: string | undefined = process.platform === 'darwin' ? await olderGpu() : softwareMetalMissing

async function olderGpu(): Promise<string | undefined> {
  try {
    const device = await createDevice({ backend: 'metal' })
    device.dispose()
  } catch (error) {
    if (error instanceof BackendUnavailableError && error.message.includes('family Apple7')) return error.message
  }
  return undefined
}

/** Builds the addon when it is not up to date (half a minute): its path, and the command that compiles Metal source for it. */
export async function softwareMetalFiles(): Promise<{ readonly addon: string; readonly driver: readonly string[] }> {
  if (softwareMetalMissing !== undefined) throw new Error(`[softwareMetalFiles] ${softwareMetalMissing}`)
  return { addon: await buildSoftwareMetal(), driver: objcDriver() }
}

/**
 * Loads the addon, after building it where it is not up to date; the first library that is loaded builds the runner. Both
 * together take minutes on a small machine: call it, and load a library, in `beforeAll` with a long timeout. Throws when
 * `softwareMetalMissing` is defined.
 */
export async function softwareMetalProvider(options: SoftwareMetalOptions = {}): Promise<SoftwareMetal> {
  const { addon, driver } = await softwareMetalFiles()
  const provider = createRequire(import.meta.url)(addon) as SoftwareMetal
  provider.softwareMetal.configure(driver, options.mode ?? 'checked', options.seed ?? 0, [])
  return provider
}
