/** What the test page runs; the test calls `run` in it. */
import { quantizeAsync } from '@metal-fp4/fp4-quant'
import { createQuantizer } from '@metal-fp4/fp4-quant/parallel'
import { type Results, results } from './results.js'

/** Where the work is done: in the page, in workers from a script of the server, or in workers that the package makes by itself. */
export type Place = 'page' | 'worker' | 'inline worker'

/** The web worker of browsers; Node's type library has none. */
declare const Worker: new (url: URL, options: { type: 'module' }) => never

export async function run(place: Place): Promise<Results> {
  if (place === 'page') return results(quantizeAsync)
  const quantizer = createQuantizer({
    threads: 2,
    ...(place === 'worker'
      ? { createWorker: () => new Worker(new URL('worker.js', import.meta.url), { type: 'module' }) }
      : {}),
  })
  try {
    return await results((values, options) => quantizer.quantize(values, options))
  } finally {
    await quantizer.dispose()
  }
}

Object.assign(globalThis, { run })
