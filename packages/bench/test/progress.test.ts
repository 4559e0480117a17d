import { expect, it } from 'vitest'
import { progressWriter } from '../src/cli/progress.js'

function written(terminal: boolean): string {
  let text = ''
  const show = progressWriter({ stderr: (more) => void (text += more), terminal })
  show({ kind: 'note', text: 'writing a model, 0 %' })
  show({ kind: 'note', text: 'writing a model, 50 %' })
  show({ kind: 'note', text: 'trying mmap on' })
  show({ kind: 'case', suite: 'races', name: 'decode', threads: 1 })
  show({ kind: 'failure', failure: { suite: 'races', case: 'decode', threads: 1, message: 'no' } })
  show({ kind: 'note', text: 'trying mmap on' })
  return text
}

it('writes a line for what takes long, once for all its percentages, where stderr is no terminal', () => {
  expect(written(false)).toBe(
    'writing a model, 0 %\ntrying mmap on\nraces: decode, 1 thread … failed: decode: no\ntrying mmap on\n',
  )
})

it('draws it over the last one on a terminal, and never before what comes next', () => {
  const clear = '\r\u001b[K'
  expect(written(true)).toBe(
    `${clear}writing a model, 0 %${clear}writing a model, 50 %${clear}trying mmap on`
      + `${clear}races: decode, 1 thread … failed: decode: no\n${clear}trying mmap on`,
  )
})
