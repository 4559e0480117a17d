// How fast are reads of 1, 16 and 256 MiB? Small ones come from a cache.
//   npx fp4-bench --suite ./read-sizes.mjs
import { defineSuite, openRoof } from '@metal-fp4/bench'

export const readSizes = defineSuite({
  name: 'read-sizes',
  summary: 'plain reads of 1, 16 and 256 MiB',
  async *cases({ device }) {
    for (const mebibytes of [1, 16, 256]) {
      const bytes = mebibytes * 1024 * 1024
      const reads = await openRoof(device, bytes)
      try {
        yield {
          kernel: 'stream_read',
          variant: `${mebibytes} MiB`,
          format: 'f32',
          precision: 'float32',
          m: 1,
          n: bytes / 4,
          k: 1,
          bytes,
          // Nanoseconds on the device's clock: here from GB/s, with a graph of your own from `(await graph.submit().completed).durationNs`.
          run: async () => ({ durationNs: bytes / (await reads.measure()) }),
        }
      } finally {
        reads.dispose()
      }
    }
  },
})
