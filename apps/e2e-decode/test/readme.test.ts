import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('runs the example of the README', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const example = /```js\n([\s\S]*?)```/.exec(readFileSync(`${root}/README.md`, 'utf8'))?.[1]
  // A module given as text resolves packages from the current folder: this package finds itself by name.
  const args = ['--input-type=module', '--eval', example ?? '']
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^, there was a little .*\n(.*\n)*\d+ tokens\/s on .+\n$/)
})
