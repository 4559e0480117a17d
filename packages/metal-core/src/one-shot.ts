import type { DeviceBuffer, BufferView } from './buffer.js'
import { bytesOf, isShared, refuse } from './check.js'
import type { GraphDispatch } from './graph.js'
import type { Kernel } from './library.js'
import type { BufferDataOptions, BufferOptions } from './options.js'
import type { Access } from './types.js'

/** What the staging of one dispatch needs of the device. */
export interface StagingDevice {
  createBuffer(options: BufferOptions | BufferDataOptions): DeviceBuffer
  /** The buffer whose memory a view shows, if it is the device's. */
  bufferOf(view: ArrayBufferView): DeviceBuffer | undefined
}

/** Bindings of one dispatch with JavaScript's arrays replaced by device memory. */
export interface Staged {
  readonly buffers: GraphDispatch['buffers']
  /** Copies what the kernel wrote back into the arrays that are still attached. */
  copyBack(): void
  dispose(): void
}

/**
 * Puts JavaScript's arrays into device memory. Their own memory is never given to the device: JavaScript can detach,
 * transfer or resize it while kernels run, which would end the process. Views over device memory (`device.allocate`,
 * `buffer.contents()`) need no copy, and neither do DeviceBuffers.
 *
 * Arrays that overlap are copied once, together, so that arguments which alias in JavaScript alias on the device, where
 * recording accepts it for kernels that may, and refuses it for others.
 */
export function stage(device: StagingDevice, kernel: Kernel, buffers: GraphDispatch['buffers']): Staged {
  const result: GraphDispatch['buffers'][number][] = [...buffers]
  const arrays: StagedArray[] = []
  for (const [index, argument] of kernel.arguments.entries()) {
    const value = buffers[index]
    if (argument.access === 'value' || !ArrayBuffer.isView(value)) continue
    if (device.bufferOf(value)) continue // CommandGraph binds it in place
    const bytes = bytesOf(kernel.name, `argument '${argument.name}'`, value)
    if (isShared(value) && argument.access !== 'read') {
      refuse(
        kernel.name,
        `an array that is not shared between threads for '${argument.name}'`,
        value,
        'use device memory',
      )
    }
    arrays.push({
      index,
      view: value,
      memory: bytes.buffer,
      start: bytes.byteOffset,
      end: bytes.byteOffset + bytes.byteLength,
      access: argument.access,
    })
  }
  const groups: Group[] = []
  const dispose = (): void => {
    for (const group of groups) group.buffer.dispose()
  }
  try {
    for (const members of overlapping(arrays)) {
      const group = new Group(device, members)
      groups.push(group)
      group.fill()
      group.bind(result)
    }
  } catch (error) {
    dispose()
    throw error
  }
  return {
    buffers: result,
    copyBack: () => {
      for (const group of groups) group.copyBack()
    },
    dispose,
  }
}

/** An array bound to argument `index`: bytes start..end of `memory`. */
interface StagedArray {
  readonly index: number
  readonly view: ArrayBufferView
  readonly memory: ArrayBufferLike
  readonly start: number
  readonly end: number
  readonly access: Access
}

/** Groups of arrays whose bytes overlap, directly or through others. */
function overlapping(arrays: readonly StagedArray[]): StagedArray[][] {
  const byMemory = new Map<ArrayBufferLike, StagedArray[]>()
  for (const array of arrays) byMemory.set(array.memory, [...(byMemory.get(array.memory) ?? []), array])
  const groups: StagedArray[][] = []
  for (const same of byMemory.values()) {
    same.sort((a, b) => a.start - b.start)
    let end = -1
    for (const array of same) {
      if (array.start >= end) groups.push([])
      groups[groups.length - 1].push(array)
      end = Math.max(end, array.end)
    }
  }
  return groups
}

/** Keeps the relative alignment of overlapping arrays: a cache line. */
const alignment = 64

/** Arrays that overlap, in one buffer of the device. */
class Group {
  readonly buffer: DeviceBuffer
  readonly #members: readonly StagedArray[]
  readonly #start: number
  readonly #bytes: Uint8Array
  /** Where the first byte goes: 0 for an array alone, which so meets any alignment. */
  readonly #pad: number

  constructor(device: StagingDevice, members: readonly StagedArray[]) {
    this.#members = members
    this.#start = members[0].start
    this.#pad = members.length === 1 ? 0 : this.#start % alignment
    const length = Math.max(...members.map((member) => member.end)) - this.#start
    this.#bytes = new Uint8Array(members[0].memory, this.#start, length)
    const label = 'one-shot copy'
    this.buffer = device.createBuffer(
      this.#pad === 0 ? { data: this.#bytes, label } : { byteLength: this.#pad + length, label },
    )
  }

  /** Copies what the constructor has not: it can throw, when the buffer has to be disposed already. */
  fill(): void {
    if (this.#pad !== 0) this.buffer.asUint8Array().set(this.#bytes, this.#pad)
  }

  bind(buffers: GraphDispatch['buffers'][number][]): void {
    for (const member of this.#members) buffers[member.index] = this.#view(member)
  }

  copyBack(): void {
    if (this.buffer.disposed) return
    for (const member of this.#members) {
      if (member.access === 'read') continue
      // Detached, or shrunken below the range, since: there is nothing to copy to.
      if (member.view.buffer.byteLength < member.end) continue
      const { offset, byteLength } = this.#view(member)
      new Uint8Array(member.memory, member.start, byteLength).set(
        new Uint8Array(this.buffer.contents(), offset, byteLength),
      )
    }
  }

  #view(member: StagedArray): BufferView {
    return this.buffer.view(this.#pad + member.start - this.#start, member.end - member.start)
  }
}
