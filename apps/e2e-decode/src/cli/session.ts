/** What every verb that runs a model does around its work: Ctrl-C, progress, and closing the model. */
import { loadModel } from '../load-model.js'
import type { Model } from '../model/model.js'
import { interruptSignal, interrupted } from './interrupt.js'
import { type ModelFlags, loadOptions, modelSource } from './options.js'
import { openProgress } from './progress.js'

/**
 * Loads the model that the flags name, and hands it to `work` with a signal that Ctrl-C aborts (`ownInterrupts`: only while the model
 * is loaded, the work has its own).
 * @returns the exit code of `work`, or 130 when it was interrupted.
 */
export async function withModel(
  flags: ModelFlags,
  work: (model: Model, signal: AbortSignal) => Promise<number>,
  { ownInterrupts = false }: { ownInterrupts?: boolean } = {},
): Promise<number> {
  const { signal, end } = interruptSignal()
  const progress = openProgress('loading')
  try {
    const model = await loadModel(modelSource(flags), {
      ...loadOptions(flags),
      onProgress: progress.update,
      onWarning: (message) => process.stderr.write(`${message}\n`),
      signal,
    })
    progress.end()
    if (ownInterrupts) end()
    try {
      return await work(model, signal)
    } finally {
      await model.dispose()
    }
  } catch (error) {
    if (signal.aborted) {
      progress.end()
      process.stderr.write('[fp4-decode] interrupted before there was a result.\n')
      return interrupted
    }
    throw error
  } finally {
    progress.end()
    end()
  }
}
