/** What selection and explanation need to know of a device: plain data, so that neither needs the device. */
import type { Backend, DeviceInfo } from '@metal-fp4/metal-core'

export interface DeviceProfile {
  readonly backend: Backend
  /** What the system calls the device; a policy may be for one name only. */
  readonly name: string
  /** For the roofline, in GB/s (1e9 bytes). */
  readonly gigabytesPerSecond: number
}

/** The profile of an open device. Its bandwidth is the copy measured when the device was created. */
export function profileOf({ backend, name, copyGigabytesPerSecond }: DeviceInfo): DeviceProfile {
  return { backend, name, gigabytesPerSecond: copyGigabytesPerSecond }
}
