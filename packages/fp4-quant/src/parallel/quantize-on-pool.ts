/** One tensor on a pool: in chunks of rows, or as a whole. */
import { QuantizationError } from '../errors.js'
import { formatInfo } from '../formats.js'
import { stripRows } from '../layouts/kn.js'
import { checkLongWork } from '../long-work.js'
import { failNotFinite } from '../not-finite.js'
import { resolveOptions } from '../options.js'
import { globalScaleOf } from '../rules/global-scale.js'
import { type QuantizedTensor, emptyTensor } from '../tensor.js'
import { type WeightValues, openRows } from '../weight-values.js'
import type { ParallelQuantizeOptions } from './index.js'
import type { Pool } from './pool.js'
import { type Outcome, type Task, bufferOf } from './protocol.js'

/** Values of a chunk: a few milliseconds of work, a few megabytes of copy. */
const chunkValues = 1 << 19

/** Rows of one expert and part. */
interface Chunk {
  readonly expert: number
  readonly part: number
  /** Of the expert. */
  readonly row: number
  readonly rows: number
}

/** Quantizes on all threads of the pool, chunk by chunk; the values are copied, or shared where their memory is. */
export async function quantizeChunks(
  pool: Pool,
  values: WeightValues,
  options: ParallelQuantizeOptions,
): Promise<QuantizedTensor> {
  const { shape, rule } = resolveOptions(values, options)
  checkLongWork(options, 'quantize')
  options.signal?.throwIfAborted()
  const { format, experts, n, k, groupSize, parts } = shape
  const tensor = emptyTensor(shape)
  const chunks = [...cut(experts, parts, k)]
  const slice = (chunk: Chunk): WeightValues =>
    take(values, (chunk.expert * n + chunk.row) * k, (chunk.expert * n + chunk.row + chunk.rows) * k)

  if (formatInfo[format].globalScale) {
    const absmax = new Float64Array(experts * parts.length)
    await runAll(pool, values, k, options.signal, chunks, {
      task: (chunk) => ({ kind: 'absmax', values: slice(chunk), rows: chunk.rows, k }),
      done: (chunk, outcome) => {
        const at = chunk.expert * parts.length + chunk.part
        if (outcome.kind === 'absmax') absmax[at] = Math.max(absmax[at], outcome.absmax)
      },
    })
    for (const [i, largest] of absmax.entries()) tensor.globalScales[i] = globalScaleOf(largest)
  }

  let rowsDone = 0
  await runAll(pool, values, k, options.signal, chunks, {
    task: (chunk) => {
      const globalScale = tensor.globalScales[chunk.expert * parts.length + chunk.part]
      return { kind: 'rows', values: slice(chunk), format, rows: chunk.rows, k, groupSize, rule, globalScale }
    },
    done: (chunk, outcome) => {
      if (outcome.kind !== 'rows') return
      store(outcome.packed, tensor.packed, chunk, experts, n)
      store(outcome.scales, tensor.scales, chunk, experts, n)
      rowsDone += chunk.rows
      options.onProgress?.(rowsDone, experts * n)
    },
  })
  return tensor
}

/** Quantizes on one thread, to which the buffer of the values is moved. */
export async function quantizeWhole(
  pool: Pool,
  values: WeightValues,
  options: ParallelQuantizeOptions,
): Promise<QuantizedTensor> {
  const { shape, rule } = resolveOptions(values, options)
  checkLongWork(options, 'quantize')
  options.signal?.throwIfAborted()
  const buffer = bufferOf(values)
  const moved = isShared(buffer) ? [] : [buffer]
  let made: QuantizedTensor | undefined
  await runTickets(pool, options.signal, [undefined], {
    make: () => ({ task: { kind: 'tensor', values, options: { ...shape, scales: rule } }, moved }),
    done: (_, outcome) => {
      if (outcome.kind === 'tensor') made = outcome.tensor
    },
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    long: true,
    failed: (error) => error,
  })
  return made!
}

interface ChunkWork {
  task(chunk: Chunk): Task
  done(chunk: Chunk, outcome: Outcome): void
}

async function runAll(
  pool: Pool,
  values: WeightValues,
  k: number,
  signal: AbortSignal | undefined,
  chunks: readonly Chunk[],
  work: ChunkWork,
): Promise<void> {
  await runTickets(pool, signal, chunks, {
    make: (chunk) => {
      const task = work.task(chunk)
      const buffer = bufferOf(task.values)
      return { task, moved: isShared(buffer) ? [] : [buffer] }
    },
    done: (chunk, outcome) => work.done(chunk, outcome),
    long: false,
    // A worker knows its own rows only, and another chunk's fault may come first: say what `quantize` would say.
    failed: (error) => (error instanceof QuantizationError ? firstFault(values, k, error) : error),
  })
}

interface TicketWork<Item> {
  make(item: Item): { task: Task; moved: ArrayBuffer[] }
  done(item: Item, outcome: Outcome): void
  onProgress?: (done: number, total: number) => void
  readonly long: boolean
  failed(error: Error): Error
}

/** Runs a task for each item; the first failure or an abort ends all of them. */
function runTickets<Item>(
  pool: Pool,
  signal: AbortSignal | undefined,
  items: readonly Item[],
  work: TicketWork<Item>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = items.length
    let over = false
    const end = (settle: () => void): void => {
      if (over) return
      over = true
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    const stop = (reason: unknown): void => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- an abort's reason is what the caller gave
      end(() => reject(reason))
      pool.dropCancelled()
    }
    const onAbort = (): void => stop(signal?.reason)
    signal?.addEventListener('abort', onAbort)
    const guard = (act: () => void): void => {
      try {
        act()
      } catch (error) {
        stop(error)
      }
    }
    pool.add(
      items.map((item) => ({
        long: work.long,
        make: () => work.make(item),
        onOutcome: (outcome: Outcome) =>
          guard(() => {
            work.done(item, outcome)
            left--
            if (left === 0) end(resolve)
          }),
        onProgress: (done: number, total: number) => guard(() => work.onProgress?.(done, total)),
        onError: (error: Error) => stop(work.failed(error)),
        cancelled: () => over,
      })),
    )
  })
}

/** The chunks of a tensor, in order. */
function* cut(experts: number, parts: readonly number[], k: number): Generator<Chunk> {
  const rowsAtOnce = Math.max(stripRows, Math.floor(chunkValues / k / stripRows) * stripRows)
  for (let expert = 0; expert < experts; expert++) {
    let start = 0
    for (const [part, size] of parts.entries()) {
      for (let row = start; row < start + size; row += rowsAtOnce) {
        yield { expert, part, row, rows: Math.min(rowsAtOnce, start + size - row) }
      }
      start += size
    }
  }
}

/** Values of a range: a copy that may be moved, or a view where memory is shared. */
function take(values: WeightValues, start: number, end: number): WeightValues {
  const part = <T extends Float32Array | Uint16Array>(array: T): T =>
    (isShared(array.buffer) ? array.subarray(start, end) : array.slice(start, end)) as T
  return 'type' in values ? { type: values.type, bits: part(values.bits) } : part(values)
}

function isShared(buffer: ArrayBufferLike): buffer is SharedArrayBuffer {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]'
}

/** Copies a chunk's columns `[width, rows]` to its place in `[E, width, n]`. */
function store<T extends Uint32Array | Uint16Array | Uint8Array>(
  source: T,
  target: T,
  { expert, row, rows }: Chunk,
  experts: number,
  n: number,
): void {
  const width = target.length / experts / n
  for (let w = 0; w < width; w++) target.set(source.subarray(w * rows, (w + 1) * rows), (expert * width + w) * n + row)
}

/** The error for the first value that is not finite, as `quantize` words it. */
function firstFault(values: WeightValues, k: number, fallback: Error): Error {
  const rows = openRows(values, k)
  const count = ('type' in values ? values.bits.length : values.length) / k
  try {
    for (let row = 0; row < count; row++) {
      const at = rows.seek(row)
      for (let i = at; i < at + k; i++) if (!Number.isFinite(rows.floats[i])) failNotFinite(rows, row, k)
    }
  } catch (error) {
    return error as Error
  }
  return fallback
}
