/** What every verb that runs a model does around its work: Ctrl-C, progress, and closing the model. */
import { loadModel } from '../load-model.js'
import type { Model } from '../model/model.js'
import { interruptSignal, interrupted } from './interrupt.js'
import { type ModelFlags, loadOptions, modelSource } from './options.js'

/**
 * Loads the model that the flags name, and hands it to `work` with a signal that Ctrl-C aborts.
 * @returns the exit code of `work`, or 130 when it was interrupted.
 */
export async function withModel(
  flags: ModelFlags,
  work: (model: Model, signal: AbortSignal) => Promise<number>,
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
    try {
      return await work(model, signal)
    } finally {
      await model.dispose()
    }
  } catch (error) {
    if (signal.aborted) {
      process.stderr.write('[fp4-decode] interrupted before there was a result.\n')
      return interrupted
    }
    throw error
  } finally {
    progress.end()
    end()
  }
}

export interface Progress {
  update: (done: number, total: number) => void
  end: () => void
}

/** A line on a terminal's stderr that counts percents and vanishes; nothing when stderr is not a terminal. */
export function openProgress(what: string): Progress {
  const { stderr } = process
  if (!stderr.isTTY) return { update: () => undefined, end: () => undefined }
  let shown = -1
  return {
    update: (done, total) => {
      const percent = Math.floor((100 * done) / total)
      if (percent !== shown) stderr.write(`\r${what} ${percent} %`)
      shown = percent
    },
    end: () => {
      if (shown >= 0) stderr.write('\r\u001b[K')
      shown = -1
    },
  }
}
