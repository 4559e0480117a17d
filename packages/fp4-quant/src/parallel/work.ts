/** What a worker does with a request. */
import { stripRows } from '../layouts/kn.js'
import { quantize } from '../quantize.js'
import { openWorker } from '../row-worker.js'
import { emptyTensor } from '../tensor.js'
import type { Outcome, Reply, Request, Task } from './protocol.js'

/** Serves requests in the order in which they come; `post` sends a reply and moves the listed buffers. */
export function serve(request: Request, post: (reply: Reply, moved: ArrayBuffer[]) => void): void {
  const { id, task } = request
  try {
    const outcome = run(task, (done, total) => post({ id, progress: { done, total } }, []))
    post({ id, outcome }, buffersOf(outcome))
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
    post({ id, error: { name, message } }, [])
  }
}

function run(task: Task, onProgress: (done: number, total: number) => void): Outcome {
  if (task.kind === 'tensor') {
    return { kind: 'tensor', tensor: quantize(task.values, { ...task.options, onProgress }) }
  }
  const { values, rows, k } = task
  const format = task.kind === 'rows' ? task.format : 'mxfp4'
  const groupSize = task.kind === 'rows' ? task.groupSize : 32
  // The look for the largest magnitude writes nothing, so that its tensor is one of a single row.
  const n = task.kind === 'rows' ? rows : 1
  const tensor = emptyTensor({ format, experts: 1, n, k, groupSize, parts: [n] })
  const worker = openWorker(values, tensor, task.kind === 'rows' ? task.rule : 'absmax')
  if (task.kind === 'absmax') {
    let absmax = 0
    for (let row = 0; row < rows; row += stripRows) {
      absmax = Math.max(absmax, worker.absmax(row, Math.min(stripRows, rows - row)))
    }
    return { kind: 'absmax', absmax }
  }
  const globalOfRow = new Float64Array(rows).fill(task.globalScale)
  for (let row = 0; row < rows; row += stripRows) {
    worker.quantizeRows(0, row, Math.min(stripRows, rows - row), globalOfRow)
  }
  return { kind: 'rows', packed: tensor.packed, scales: tensor.scales }
}

function buffersOf(outcome: Outcome): ArrayBuffer[] {
  if (outcome.kind === 'absmax') return []
  const { packed, scales } = outcome.kind === 'rows' ? outcome : outcome.tensor
  return [packed.buffer as ArrayBuffer, scales.buffer as ArrayBuffer]
}
