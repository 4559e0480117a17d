/**
 * The memory roof of a device: what plain reads of a large buffer reach, with the device's own threads and clock. A kernel
 * that reads its weights from memory cannot be faster.
 */
import type { Device, DeviceInfo, KernelLibrarySource } from '@metal-fp4/metal-core'
import { coldBytes } from './cold-pool.js'
import { nativeLibraryPath } from './native-library.js'

/** `read`: stream_read over a buffer of at least 256 MiB. `copy`: the device's own copy bandwidth, where no such kernel is. */
export type RoofSource = 'read' | 'copy'

export interface Roof {
  readonly source: RoofSource
  /** One measurement, in GB/s (1e9 bytes). */
  measure(): Promise<number>
  /** One measurement of a copy, in GB/s, bytes read and written together. */
  measureCopy(): Promise<number>
  dispose(): void
  [Symbol.dispose](): void
}

/** Bytes that one threadgroup of stream_read sums: pieces enough for any number of threads, each long enough to stream. */
const pieceBytes = 1024 * 1024

/** Bytes to read where `minColdBytes` lie between two uses of the same weights: what keeps those out of a cache has to keep the roof out of it. */
export function roofBytesFor(minColdBytes: number = coldBytes): number {
  return Math.max(coldBytes, minColdBytes)
}

/** Opens the measurement; `bytes` is rounded up to whole MiB. */
export async function openRoof(device: Device, bytes: number = coldBytes): Promise<Roof> {
  const source = streamReadFor(device.info)
  if (source === null) return copyRoof(device.info)
  const pieces = Math.max(1, Math.ceil(bytes / pieceBytes))
  const library = await device.loadLibrary(source)
  // Written with data before it is read: pages never written would all be one page of zeros, which caches hold.
  const data = device.createBuffer({
    data: pattern(pieces * pieceBytes),
    storage: 'private',
    label: 'stream_read data',
  })
  const sums = device.createBuffer({ byteLength: pieces * 4, storage: 'shared', label: 'stream_read sums' })
  const graph = device.createGraph()
  graph.dispatch(library.kernel('stream_read'), {
    grid: [pieces, 1, 1],
    buffers: [data, sums, Uint32Array.of(pieces, pieceBytes / 4)],
    label: 'stream_read',
  })
  // A copy of one half onto the other, so that the whole buffer is touched; a single piece is copied by halves of it.
  const copied = Math.max(1, Math.floor(pieces / 2))
  const copiedWords = pieces === 1 ? pieceBytes / 8 : pieceBytes / 4
  const copyBytes = copied * copiedWords * 4
  const copy = device.createGraph()
  copy.dispatch(library.kernel('stream_copy'), {
    grid: [copied, 1, 1],
    buffers: [data.view(0, copyBytes), data.view(copyBytes, copyBytes), Uint32Array.of(copied, copiedWords)],
    label: 'stream_copy',
  })
  const dispose = (): void => {
    graph.dispose()
    copy.dispose()
    data.dispose()
    sums.dispose()
  }
  return {
    source: 'read',
    async measure() {
      const { durationNs } = await graph.submit().completed
      return (pieces * pieceBytes) / durationNs
    },
    async measureCopy() {
      const { durationNs } = await copy.submit().completed
      return (2 * copyBytes) / durationNs
    },
    dispose,
    [Symbol.dispose]: dispose,
  }
}

/** The kernel for a device, or null when none is written for it. */
function streamReadFor(info: DeviceInfo): KernelLibrarySource | null {
  return info.backend === 'cpu' ? { kind: 'shared', path: nativeLibraryPath() } : null
}

function copyRoof({ copyGigabytesPerSecond }: DeviceInfo): Roof {
  const dispose = (): void => undefined
  return {
    source: 'copy',
    measure: () => Promise.resolve(copyGigabytesPerSecond),
    measureCopy: () => Promise.resolve(copyGigabytesPerSecond),
    dispose,
    [Symbol.dispose]: dispose,
  }
}

/** Word i is i times the golden ratio of 2^32: no two pages alike. */
function pattern(bytes: number): Uint32Array {
  const words = new Uint32Array(bytes / 4)
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i, 0x9e3779b1)
  return words
}
