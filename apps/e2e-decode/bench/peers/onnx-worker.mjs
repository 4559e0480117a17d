// The process that runs onnxruntime-node beside the benchmark; messages as in llama-worker.mjs.
import process from 'node:process'

let ort
let session
let feeds

const operations = {
  async open({ entry, file, threads }) {
    const module = await import(entry)
    ort = module.default ?? module
    session = await ort.InferenceSession.create(file, {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    })
    return { threads }
  },

  /** All copies of the matrix once, with `m` rows. */
  async run({ m, k, copies }) {
    if (feeds?.x.dims[0] !== m) {
      const data = Float32Array.from({ length: m * k }, (_, i) => Math.sin(i))
      feeds = { x: new ort.Tensor('float32', data, [m, k]) }
    }
    const start = process.hrtime.bigint()
    await session.run(feeds)
    return { durationNs: Number(process.hrtime.bigint() - start), repeats: copies }
  },
}

process.on('message', async ({ id, op, ...request }) => {
  try {
    process.send({ id, result: await operations[op](request) })
  } catch (error) {
    process.send({ id, error: error instanceof Error ? error.message : String(error) })
  }
})
