// The process that runs node-llama-cpp beside the benchmark: what it does to threads and memory, or a crash, stays its own.
// Asked by messages { id, op, … } (bench's `openPeer`), it answers { id, result } or { id, error }. Where the package is comes with 'open'.
import process from 'node:process'

let context
let sequence
let model

const operations = {
  async open({ entry, file, threads, contextSize, batchSize, settings }) {
    const { getLlama } = await import(entry)
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      logLevel: 'error',
      maxThreads: threads,
    })
    model = await llama.loadModel({ modelPath: file, gpuLayers: 0, useMmap: settings.useMmap })
    const { flashAttention } = settings
    context = await model.createContext({
      contextSize,
      batchSize,
      flashAttention,
      threads: { ideal: threads, min: threads },
    })
    sequence = context.getSequence()
    return { threads: context.currentThreads }
  },

  /** Tokens after the first one, greedily: what a user waits for while a text streams. */
  async decode({ prompt, tokens }) {
    let start = 0n
    let count = 0
    for await (const _ of await generate(prompt)) {
      if (count === 0) start = process.hrtime.bigint()
      if (++count === tokens) break
    }
    const durationNs = Number(process.hrtime.bigint() - start)
    // A text that ended is a time for fewer tokens, of which the first is not in it.
    if (count < tokens)
      throw new Error(`expected ${tokens} tokens, got ${count}. The model ended its text: use another prompt.`)
    return { durationNs, repeats: count - 1 }
  },

  /** From the call to the first token. */
  async prefill({ prompt }) {
    const start = process.hrtime.bigint()
    for await (const _ of await generate(prompt)) break
    return { durationNs: Number(process.hrtime.bigint() - start), repeats: 1 }
  },

  async close() {
    await context?.dispose()
    await model?.dispose()
    return null
  },
}

async function generate(prompt) {
  await sequence.clearHistory()
  return sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })
}

process.on('message', async ({ id, op, ...request }) => {
  try {
    process.send({ id, result: await operations[op](request) })
  } catch (error) {
    process.send({ id, error: error instanceof Error ? error.message : String(error) })
  }
  if (op === 'close') process.disconnect()
})
