// The process that runs node-llama-cpp beside the benchmark: what it does to threads and memory, or a crash, stays its own.
// Asked by messages { id, op, … } (bench's `openPeer`), it answers { id, result } or { id, error }. Where the package is comes with 'open'.
import process from 'node:process'

let sequence

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
    const model = await llama.loadModel({ modelPath: file, gpuLayers: 0, useMmap: settings.useMmap })
    const { flashAttention } = settings
    const context = await model.createContext({
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
    let durationNs = 0
    for await (const _ of await generate(prompt)) {
      const now = process.hrtime.bigint()
      if (count === 0) start = now
      durationNs = Number(now - start)
      if (++count === tokens) break
    }
    // A text that ended is a time for fewer tokens, of which the first is not in it.
    if (count < tokens)
      throw new Error(`expected ${tokens} tokens, got ${count}. The model ended its text: use another prompt.`)
    return { durationNs, repeats: count - 1 }
  },

  /** From an empty sequence, as ours starts once its graphs are recorded, to the first token. */
  async prefill({ prompt }) {
    const tokens = await generate(prompt)
    const start = process.hrtime.bigint()
    for await (const _ of tokens) return { durationNs: Number(process.hrtime.bigint() - start), repeats: 1 }
    throw new Error('expected a token, got none. The model ended its text: use another prompt.')
  },
}

/** Nothing of the prompt is read before the first token is asked for. */
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
})
