/** What selection and explanation need to know of a device: plain data, so that neither needs the device. */
import type { Backend, DeviceInfo, KernelLibrary } from '@metal-fp4/metal-core'

export interface DeviceProfile {
  readonly backend: Backend
  /** What the system calls the device, and of a CPU the instruction set: "AMD EPYC, avx512". A policy may be for one name only. */
  readonly name: string
  /** Threads of a CPU device's pool; 0 on a GPU. Left out: a policy for any number of threads will do. */
  readonly threads?: number
  /** For the roofline, in GB/s (1e9 bytes). */
  readonly gigabytesPerSecond: number
}

/** What of a device decides its policy. */
export type DeviceIdentity = Pick<DeviceProfile, 'backend' | 'name' | 'threads'>

/** The profile of an open device. Its bandwidth is the copy measured when the device was created. */
export function profileOf({ backend, name, threads, features, copyGigabytesPerSecond }: DeviceInfo): DeviceProfile {
  // One name covers processors of many generations: what their kernels are compiled for tells those apart that matter here.
  const full = backend === 'cpu' ? `${name}, ${features.at(0) ?? 'plain'}` : name
  return { backend, name: full, threads, gigabytesPerSecond: copyGigabytesPerSecond }
}

/** The profile of the device that a library was loaded on, with the instruction set that the library took. */
export function profileOfLibrary({ info, isa }: Pick<KernelLibrary, 'info' | 'isa'>): DeviceProfile {
  return profileOf(isa === undefined ? info : { ...info, features: [isa] })
}
