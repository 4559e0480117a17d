import { checkInteger, checkObject, refuse } from './check.js'
import { Device } from './device.js'
import { BackendUnavailableError, native, nativeAsync } from './errors.js'
import { loadAddon, type Addon, type NativeHandle, type NativeProvider } from './native.js'
import type { Backend, DeviceOptions } from './types.js'

export interface CreateDeviceOptions extends DeviceOptions {
  /** Where devices come from. Default: the addon of this package. */
  readonly provider?: NativeProvider
}

/**
 * Opens a device: the best that works (Metal, then the CPU), or the backend asked for. It is measured on the way, which takes about 20 ms the
 * first time. Throws BackendUnavailableError, NativeLoadError or ArgumentError.
 */
export async function createDevice(options: CreateDeviceOptions = {}): Promise<Device> {
  checkObject(op, 'options', options)
  const { backend, onWarning = warn } = options
  if (backend !== undefined && !Object.hasOwn(needs, backend)) {
    refuse(op, `backend to be one of ${Object.keys(needs).join(', ')}`, backend)
  }
  if (typeof onWarning !== 'function') refuse(op, 'onWarning to be a function', onWarning)
  const asked = options.threads === undefined ? 0 : checkInteger(op, 'threads', options.threads, 1, 65536)
  const maxInFlight = checkInteger(op, 'maxInFlight', options.maxInFlight ?? 256, 1, 65536)
  const provider = options.provider ?? loadAddon()
  if (typeof (provider as Partial<NativeProvider> | null)?.createDevice !== 'function') {
    refuse(op, 'provider to be a NativeProvider', provider)
  }
  const handle = open(provider, backend, asked, maxInFlight)
  const info = await nativeAsync(() => provider.deviceInfo(handle))
  if (asked > info.threads && info.backend === 'cpu') {
    onWarning(
      `[${op}] expected at most ${info.cores} threads, the cores this process may use, got ${asked}; using ${info.threads}`,
    )
  }
  return new Device({ provider, handle, info: Object.freeze({ ...info, features: Object.freeze([...info.features]) }) })
}

/** What this process may use: cores by affinity and cgroup quota, memory by cgroup limit. */
export function systemLimits(): ReturnType<Addon['systemLimits']> {
  return native(() => loadAddon().systemLimits())
}

const op = 'createDevice'

/** What a backend takes that is not there. */
const needs: Readonly<Record<Backend, string>> = {
  cpu: 'an addon with the CPU device: build this package again',
  metal: 'macOS 14 or newer on Apple silicon, and an addon built there',
  cuda: 'an NVIDIA GPU with its driver (libcuda) and NVRTC, and an addon with CUDA, which this version does not have',
}

/** The backend asked for, or the first that works. */
function open(
  provider: NativeProvider,
  backend: Backend | undefined,
  threads: number,
  maxInFlight: number,
): NativeHandle<'device'> {
  const available = native(() => provider.backends())
  if (backend !== undefined && !available.includes(backend)) {
    throw new BackendUnavailableError(
      `[${op}] expected backend '${backend}', got an addon with ${available.join(', ') || 'none'}; '${backend}' needs ${needs[backend]}${instead(available)}`,
    )
  }
  const reasons: string[] = []
  for (const candidate of backend === undefined ? available : [backend]) {
    try {
      return native(() => provider.createDevice(candidate, threads, maxInFlight))
    } catch (error) {
      if (backend !== undefined || !(error instanceof BackendUnavailableError)) throw error
      reasons.push(error.message)
    }
  }
  throw new BackendUnavailableError(
    `[${op}] expected a backend that works, got none${reasons.length > 0 ? `:\n${reasons.join('\n')}` : '; build the addon again'}`,
  )
}

function instead(available: readonly Backend[]): string {
  return available.includes('cpu') ? ". What works here: createDevice({ backend: 'cpu' })" : ''
}

function warn(message: string): void {
  process.emitWarning(message, { code: 'METAL_CORE' })
}
