/** The activations of one pass, float32, for up to a number of rows; made once and used by every graph of that size. */
import type { Device, DeviceBuffer } from '@metal-fp4/metal-core'
import type { FeedForward, ModelSpec } from '../architectures/index.js'
import { Buffers } from './buffers.js'

/** Rows of attention_decode and of the GEMV kernels. */
export const mostDecodeRows = 8

export interface Workspace {
  /** Rows. */
  readonly capacity: number
  /** uint32 [capacity]: what the rows embed, and where they are. */
  readonly tokens: DeviceBuffer
  readonly positions: DeviceBuffer
  /** [m, width]: the residual stream. */
  readonly hidden: DeviceBuffer
  /** [m, width] */
  readonly normed: DeviceBuffer
  /** [m, heads + 2 kvHeads, headDim] */
  readonly queryKeyValue: DeviceBuffer
  /** [m, heads, headDim] */
  readonly queries: DeviceBuffer
  readonly attended: DeviceBuffer
  /** [min(m, 8), heads, splits, headDim + 2] */
  readonly partials: DeviceBuffer
  /** [m, inner], or [m, topK, inner] of experts. */
  readonly inner: DeviceBuffer
  /** Of experts: router logits [m, experts], and ids and weights [m, topK]. */
  readonly scores: DeviceBuffer
  readonly ids: DeviceBuffer
  readonly weights: DeviceBuffer
  /** [m, topK, width] */
  readonly expertOut: DeviceBuffer
  /** What products whose K is split hand from one dispatch to the next; null where none is. */
  readonly scratch: DeviceBuffer | null
  /** [m, vocabSize], made when first needed: a prompt's chunks have none. */
  logits(): DeviceBuffer
  dispose(): void
}

export interface WorkspaceSize {
  /** Rows. */
  readonly capacity: number
  /** Parts of the context that attention is split into. */
  readonly splits: number
  /** What the largest product asks for. */
  readonly scratchBytes: number
}

/** Makes the buffers. */
export function createWorkspace(
  device: Device,
  spec: ModelSpec,
  { capacity, splits, scratchBytes }: WorkspaceSize,
): Workspace {
  const { width, heads, kvHeads, headDim, vocabSize, feedForward } = spec
  const buffers = new Buffers(device)
  const make = (count: number, label: string): DeviceBuffer => buffers.make(Math.max(count, 1) * 4, label)
  const rows = (count: number, label: string): DeviceBuffer => make(capacity * count, label)
  const largest = (size: (feed: FeedForward) => number): number =>
    feedForward.reduce((most, feed) => Math.max(most, size(feed)), 0)
  const topK = (feed: FeedForward): number => (feed.kind === 'experts' ? feed.topK : 0)
  let logits: DeviceBuffer | undefined
  return buffers.build(() => ({
    capacity,
    tokens: make(capacity, 'tokens'),
    positions: make(capacity, 'positions'),
    hidden: rows(width, 'hidden'),
    normed: rows(width, 'normed'),
    queryKeyValue: rows((heads + 2 * kvHeads) * headDim, 'queryKeyValue'),
    queries: rows(heads * headDim, 'queries'),
    attended: rows(heads * headDim, 'attended'),
    partials: make(Math.min(capacity, mostDecodeRows) * heads * splits * (headDim + 2), 'partials'),
    inner: rows(largest((feed) => feed.inner * Math.max(topK(feed), 1)), 'inner'), // prettier-ignore
    scores: rows(largest((feed) => (feed.kind === 'experts' ? feed.experts : 0)), 'scores'), // prettier-ignore
    ids: rows(largest(topK), 'ids'),
    weights: rows(largest(topK), 'weights'),
    expertOut: rows(largest(topK) * width, 'expertOut'),
    scratch: scratchBytes === 0 ? null : buffers.make(scratchBytes, 'scratch'),
    logits: () => (logits ??= make(capacity * vocabSize, 'logits')),
    dispose: () => buffers.dispose(),
  }))
}
