/** Runs what a checkpoint brings along (templates, regular expressions of tokenizers): it comes from strangers, and may never end. */
import { type Context, Script, createContext } from 'node:vm'

const script = new Script('work()')
/** Made when it is first needed: a new one for each call would take 20 times as long as the call. */
let context: Context | undefined

/** Runs a function, and ends it when it takes too long, whatever it does. @throws Error; what the function throws */
export function limited<T>(mostMs: number, work: () => T): T {
  context ??= createContext({})
  context.work = work
  try {
    return script.runInContext(context, { timeout: mostMs }) as T
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new Error(`no end after ${mostMs} ms`, { cause: error })
  } finally {
    context.work = undefined
  }
}

/** The first line of what was thrown. */
export function oneLine(error: unknown): string {
  const text =
    error instanceof Error ? error.message : String((error as { message?: unknown } | null)?.message ?? error)
  return text.split('\n')[0].slice(0, 200)
}
