/** `quantize` that leaves the event loop free. */
import { type Steps, runStepsAsync } from './long-work.js'
import type { QuantizeOptions } from './options.js'
import { quantizeStrips } from './strips.js'
import type { QuantizedTensor } from './tensor.js'
import type { WeightValues } from './weight-values.js'

/**
 * `quantize`, bit for bit, in slices of about 12 ms with the event loop's turn between them. The values must not change until it
 * is done. For more than one thread see `@metal-fp4/fp4-quant/parallel`.
 *
 * @throws QuantizationError (as a rejection) for what `quantize` throws.
 * @throws the signal's reason when aborted.
 */
export async function quantizeAsync(values: WeightValues, options: QuantizeOptions): Promise<QuantizedTensor> {
  return runStepsAsync(countedSteps(values, options), options, 'quantize')
}

function* countedSteps(values: WeightValues, options: QuantizeOptions): Steps<QuantizedTensor> {
  const strips = quantizeStrips(values, options)
  const total = (options.experts ?? 1) * options.n
  for (;;) {
    const { done, value } = strips.next()
    if (done) return value
    yield { done: value, total }
  }
}
