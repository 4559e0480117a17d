/** The packer: quantizing a matrix of float32 weights, on the one thread that it takes. */
import { type Suite, defineSuite } from '@metal-fp4/bench'
import { bitsPerWeight, dequantize, isFp4Format, measureError, quantize } from '@metal-fp4/fp4-quant'

const defaults = { shapes: [{ n: 4096, k: 4096 }], formats: ['fp4', 'mxfp4', 'nvfp4'] }

/** Every format and rule is above this; weights that were lost, or scales of another group, are far below. */
const leastDecibels = 15

export const pack: Suite = defineSuite({
  name: 'pack',
  summary: 'quantizing float32 weights on one thread, by format and rule for the scales, 4096x4096',
  onlyByName: true,
  *cases({ device, filter }) {
    // No device takes part: a run with more threads would say the same again.
    if (device.info.threads > 1) return
    const { shapes = defaults.shapes, formats = defaults.formats } = filter
    for (const { n, k } of shapes) {
      const values = Float32Array.from({ length: n * k }, (_, i) => Math.sin(i * 12.9898) + Math.sin(i * 0.3711) ** 3)
      for (const format of formats.filter(isFp4Format)) {
        for (const scales of ['absmax', 'mse'] as const) {
          const options = { n, k, format, scales }
          const once = quantize(values, options)
          yield {
            kernel: 'quantize',
            variant: scales,
            format,
            precision: 'float32',
            m: 1,
            n,
            k,
            bytes: values.byteLength + (n * k * bitsPerWeight(format)) / 8,
            weights: n * k,
            run() {
              const start = performance.now()
              quantize(values, options)
              return Promise.resolve({ durationNs: (performance.now() - start) * 1e6, repeats: 1 })
            },
            verify() {
              const { sqnrDb } = measureError(values, dequantize(once))
              if (sqnrDb < leastDecibels)
                throw new Error(
                  `[pack] expected at least ${leastDecibels} dB of ${format} ${scales}, got ${sqnrDb.toFixed(1)}.`,
                )
            },
          }
        }
      }
    }
  },
})
