/**
 * Quantizing in steps: a generator that does a strip of rows each time it is resumed, so that a caller can report, stop, or give the
 * event loop its turn in between. `quantize` drives it to its end at once.
 */
import { fail } from './errors.js'
import { type ScaleRule, formatInfo } from './formats.js'
import { stripRows } from './layouts/kn.js'
import { type QuantizeOptions, resolveOptions } from './options.js'
import { type OpenWorker, type RowWorker, openWorker } from './row-worker.js'
import { globalScaleOf } from './rules/global-scale.js'
import { type QuantizedTensor, type TensorShape, emptyTensor } from './tensor.js'
import type { WeightValues } from './weight-values.js'

/** Values that a step does at most, unless a single row has more: about a millisecond. */
const stepValues = 1 << 18

/**
 * Quantizes as `quantize` does, in steps of at most 16 rows (one row where K is 262,144 or more). Yields the rows done so far, of
 * E * N; a step that only looks for the largest magnitude (nvfp4) yields the number before again. Returns the tensor. Options are
 * checked by the call, before any step; `onProgress` and `signal` are the caller's to heed (`progressReporter`).
 *
 * Any number of these may run at the same time: what a step needs is in use only during the step.
 *
 * `open` says who does the rows: WebAssembly where it may run, unless a test asks for one of the two.
 *
 * @throws QuantizationError as `quantize` does.
 */
export function quantizeStrips(
  values: WeightValues,
  options: QuantizeOptions,
  open: OpenWorker = openWorker,
): Generator<number, QuantizedTensor, void> {
  const { shape, rule } = resolveOptions(values, options)
  return strips(values, shape, rule, open)
}

function* strips(
  values: WeightValues,
  shape: TensorShape,
  rule: ScaleRule,
  open: OpenWorker,
): Generator<number, QuantizedTensor, void> {
  const { experts, n, k } = shape
  const tensor = emptyTensor(shape)
  const worker = open(values, tensor, rule)
  const rowsPerStep = Math.max(1, Math.min(stripRows, Math.floor(stepValues / k)))
  const globalOfRow = new Float64Array(n).fill(1)
  for (let expert = 0; expert < experts; expert++) {
    if (formatInfo[shape.format].globalScale) {
      yield* globalScalesOfRows(values, shape, worker, expert, rowsPerStep, tensor.globalScales, globalOfRow)
    }
    for (let row = 0; row < n; row += rowsPerStep) {
      checkStillThere(values, experts * n * k)
      const count = Math.min(rowsPerStep, n - row)
      worker.quantizeRows(expert, row, count, globalOfRow)
      yield expert * n + row + count
    }
  }
  return tensor
}

/**
 * What to call with the rows done after each step: it passes them on to `onProgress` about a hundred times in all and then looks at
 * `signal`. @throws the signal's reason when aborted before the last row.
 */
export function progressReporter(options: QuantizeOptions): (done: number) => void {
  const { onProgress, signal, n, experts = 1 } = options
  const total = experts * n
  let reported = 0
  return (done) => {
    if (done !== total && (done === reported || done - reported < total / 100)) return
    reported = done
    onProgress?.(done, total)
    if (signal?.aborted && done < total) throw signal.reason
  }
}

/** Finds the global scales of an expert's parts, and the one of each row. */
function* globalScalesOfRows(
  values: WeightValues,
  { experts, n, k, parts }: TensorShape,
  worker: RowWorker,
  expert: number,
  rowsPerStep: number,
  globalScales: Float32Array,
  ofRow: Float64Array,
): Generator<number, void, void> {
  let row = 0
  for (const [part, size] of parts.entries()) {
    const end = row + size
    let largest = 0
    for (let r = row; r < end; r += rowsPerStep) {
      checkStillThere(values, experts * n * k)
      largest = Math.max(largest, worker.absmax(expert * n + r, Math.min(rowsPerStep, end - r)))
      yield expert * n
    }
    const scale = globalScaleOf(largest)
    globalScales[expert * parts.length + part] = scale
    ofRow.fill(scale, row, end)
    row = end
  }
}

/** Between two steps anybody may transfer or resize the buffer. */
function checkStillThere(values: WeightValues, count: number): void {
  const { length } = 'type' in values ? values.bits : values
  if (length === count) return
  fail('quantize', `${count} values until it is done`, `${length}`, 'Do not transfer or resize the buffer meanwhile.')
}
