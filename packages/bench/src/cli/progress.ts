/** How a run goes, on stderr: a line for each case, and what takes long in between. */
import type { CountProgress } from '../counting.js'
import type { ContestProgress } from '../peers/runner.js'
import { duration } from '../reporters/columns.js'
import type { RunProgress } from '../runner.js'
import type { Io } from './io.js'

type Progress = RunProgress | CountProgress | ContestProgress

/** Writes progress. On a terminal a note replaces the last one; elsewhere it is a line, but once for all its percentages. */
export function progressWriter({ stderr, terminal }: Pick<Io, 'stderr' | 'terminal'>): (progress: Progress) => void {
  let noted = ''
  return (progress) => {
    if (progress.kind !== 'note') {
      stderr(`${terminal && noted !== '' ? clearLine : ''}${progressText(progress)}`)
      noted = ''
      return
    }
    const topic = progress.text.replaceAll(/\d+ %/g, '')
    if (terminal) stderr(clearLine + progress.text)
    else if (topic !== noted) stderr(`${progress.text}\n`)
    noted = topic
  }
}

const clearLine = '\r\u001b[K'

function progressText(progress: Exclude<Progress, { kind: 'note' }>): string {
  switch (progress.kind) {
    case 'case': {
      const { suite, name } = progress
      if (!('threads' in progress)) return `${suite}: ${name} … `
      return `${suite}: ${name}, ${progress.threads} ${progress.threads === 1 ? 'thread' : 'threads'} … `
    }
    case 'counted':
      return `${(100 * progress.row.utilization).toFixed(1)} % useful\n`
    case 'row': {
      const { medianNs, percentOfRoof, tokensPerSecond, roofMoved } = progress.row
      const tokens = tokensPerSecond === undefined ? '' : `, ${tokensPerSecond.toFixed(1)} tokens/s`
      return `${duration(medianNs)}, ${percentOfRoof === null ? 'cached' : `${percentOfRoof.toFixed(0)} % of roof`}${tokens}${roofMoved ? ', the roof moved' : ''}\n`
    }
    case 'contest': {
      const { medianNs, threads, versus = '', speedup = NaN, speedupLow = NaN, speedupHigh = NaN } = progress.ours
      if (progress.ours.unequalThreads)
        return `${duration(medianNs)}, ${versus} ${duration(progress.peer.medianNs)}: no race, ours ran with ${threads} threads and it with ${progress.peer.threads}\n`
      const range = `${speedupLow.toFixed(2)} to ${speedupHigh.toFixed(2)}`
      return `${duration(medianNs)}, ${speedup.toFixed(2)} times as fast as ${versus} (${range})\n`
    }
    case 'failure':
      return `failed: ${progress.failure.case}: ${progress.failure.message}\n`
  }
}
