import { expect, it } from 'vitest'
import { describeRun } from '../src/index.js'

it.each([
  [
    ['gemv', '--m', '1,2'],
    ['gemv', '--m', '1,2'],
  ],
  [
    ['--save', '/home/alice/a.json'],
    ['--save', 'a.json'],
  ],
  [['--save=/home/alice/a.json'], ['--save=a.json']],
  [
    ['--save', '/home/alice/x=y/a.json'],
    ['--save', 'a.json'],
  ],
  [
    ['--save', String.raw`C:\Users\alice\a.json`],
    ['--save', 'a.json'],
  ],
  [
    ['--suite', './mine.mjs'],
    ['--suite', 'mine.mjs'],
  ],
  [
    ['--suite', 'file:///home/alice/mine.mjs'],
    ['--suite', 'mine.mjs'],
  ],
  // Spaces, and so many parts that a pattern that goes back over them would not end.
  [
    ['--save', `/home/alice/My files/${'a b/'.repeat(60)}c d`],
    ['--save', 'c d'],
  ],
  [
    ['--cache', '/home/alice'],
    ['--cache', 'FOLDER'],
  ],
  [['--cache=/home/alice'], ['--cache=FOLDER']],
  [
    ['--cache', 'alice'],
    ['--cache', 'FOLDER'],
  ],
  [
    ['--peer', 'node-llama-cpp'],
    ['--peer', 'node-llama-cpp'],
  ],
  [
    ['--peer', '@scope/peer=../alice=x'],
    ['--peer', '@scope/peer=FOLDER'],
  ],
  [['--peer=node-llama-cpp=/home/alice'], ['--peer=node-llama-cpp=FOLDER']],
])('of %j only what is no place is told', (argv, expected) => {
  expect(describeRun(argv).arguments).toEqual(expected)
})
