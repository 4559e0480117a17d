/** Progress of long work: a bar on a terminal, else one line when it takes a while. */
import { Presets, SingleBar } from 'cli-progress'

export interface Progress {
  readonly update: (done: number, total: number) => void
  readonly end: () => void
}

/** Work that is done sooner needs no line. */
const quietMs = 3000

/** Both go to stderr: stdout is for results. A bar vanishes when the work has ended. */
export function openProgress(what: string): Progress {
  return process.stderr.isTTY ? openBar(what) : openLine(what)
}

function openBar(what: string): Progress {
  const bar = new SingleBar(
    {
      format: `${what} {bar} {percentage} % | {eta_formatted} left`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 30,
      // Ctrl-C is ours: the work is ended cleanly.
      gracefulExit: false,
    },
    Presets.rect,
  )
  let started = false
  return {
    update: (done, total) => {
      if (started) bar.update(done)
      else bar.start(total, done)
      started = true
    },
    end: () => {
      if (started) bar.stop()
      started = false
    },
  }
}

function openLine(what: string): Progress {
  const start = performance.now()
  let told = false
  return {
    update: (done, total) => {
      if (told || done === total || performance.now() - start < quietMs) return
      told = true
      process.stderr.write(`${what}: ${done} of ${total} after ${quietMs / 1000} s\n`)
    },
    end: () => (told = true),
  }
}
