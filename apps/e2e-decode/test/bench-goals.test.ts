/** The goals of `bench --preset targets`, over the rows that the preset made: a goal that finds no row would never be met. */
import { fileURLToPath } from 'node:url'
import { readReport } from '@metal-fp4/bench'
import { expect, it } from 'vitest'
import { goalsOf } from '../bench/goals.js'

const results = fileURLToPath(new URL('../../../packages/bench/results/targets.json', import.meta.url))

it('every goal has its row in the committed run, and the file says the same of it', () => {
  const { rows, goals } = readReport(results)
  const judged = goalsOf(rows)
  expect(judged).toEqual(goals)
  expect(judged.filter(({ reached }) => reached === null)).toEqual([])
  const of = (threads: number): number => judged.filter((goal) => goal.threads === threads).length
  expect([of(1), of(2)]).toEqual([15, 11])
})

it('a run of one thread is judged by what is wanted of one', () => {
  const { rows } = readReport(results)
  const alone = goalsOf(rows.filter(({ threads }) => threads === 1))
  expect(alone).toHaveLength(15)
  expect(new Set(alone.map(({ threads }) => threads))).toEqual(new Set([1]))
  // Without the packer its five goals are not met.
  const unpacked = goalsOf(rows.filter(({ suite }) => suite !== 'pack'))
  expect(unpacked.filter(({ reached, met }) => reached === null && !met)).toHaveLength(5)
})
