/** The error of a quantized tensor against its values, without a second copy of them. */
import { rowReader } from '../dequantize.js'
import { stripRows } from '../layouts/kn.js'
import { type LongWork, type Steps, runStepsAsync } from '../long-work.js'
import { type ErrorMeasure, ErrorSums } from '../measure-error.js'
import { type QuantizedTensor, checkTensor } from '../tensor.js'
import { type WeightValues, sliceToFloat32 } from '../weight-values.js'

/** measureError(values, dequantize(tensor)), a strip of rows at a time, yielding to the event loop. */
export async function measureTensor(
  values: WeightValues,
  tensor: QuantizedTensor,
  options?: LongWork,
): Promise<ErrorMeasure> {
  return runStepsAsync(measureSteps(values, tensor), options, 'measureTensor')
}

function* measureSteps(values: WeightValues, tensor: QuantizedTensor): Steps<ErrorMeasure> {
  checkTensor(tensor, 'measureTensor')
  const { experts, n, k } = tensor
  const sums = new ErrorSums()
  const readRows = rowReader(tensor)
  const strip = new Float32Array(stripRows * k)
  for (let row = 0; row < experts * n;) {
    const end = Math.min(row + stripRows, (Math.floor(row / n) + 1) * n)
    readRows(row, end, strip, 0)
    sums.add(sliceToFloat32(values, row * k, end * k), strip.subarray(0, (end - row) * k))
    row = end
    yield { done: row, total: experts * n }
  }
  return sums.measure()
}
