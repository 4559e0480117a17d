import { type Suite, defineSuite, openRoof } from '../../src/index.js'

/** A suite of one real, tiny case on whatever device runs it: reading a mebibyte. */
export const readSuite: Suite = defineSuite({
  name: 'read',
  summary: 'reads a mebibyte',
  async *cases({ device, filter }) {
    const bytes = 1024 * 1024
    const roof = await openRoof(device, bytes)
    try {
      for (const format of filter.formats ?? ['f32']) {
        for (const m of filter.m ?? [1]) {
          yield {
            kernel: 'stream_read',
            format,
            precision: 'float32',
            m,
            n: 512,
            k: 512,
            bytes,
            tokens: 1,
            extra: { pieces: 1 },
            run: async () => ({ durationNs: bytes / (await roof.measure()) }),
          }
        }
      }
    } finally {
      roof.dispose()
    }
  },
})
