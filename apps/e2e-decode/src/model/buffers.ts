/** Buffers of a device that belong together: freed together, also when one of them cannot be made. */
import type { Device, DeviceBuffer } from '@metal-fp4/metal-core'

export class Buffers {
  readonly #device: Device
  readonly #made: DeviceBuffer[] = []

  constructor(device: Device) {
    this.#device = device
  }

  make(byteLength: number, label: string, storage: 'private' | 'shared' = 'private'): DeviceBuffer {
    const buffer = this.#device.createBuffer({ byteLength, storage, label })
    this.#made.push(buffer)
    return buffer
  }

  /** Runs what makes the buffers of an object; frees those that were made when it fails on the way. */
  build<T>(make: () => T): T {
    try {
      return make()
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  dispose(): void {
    for (const buffer of this.#made.splice(0)) buffer.dispose()
  }
}
