import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runnableBlocks } from '../../../scripts/code-blocks.mjs'
import { createProgram } from '../src/cli/program.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(`${root}/README.md`, 'utf8')

describe('README.md', () => {
  const outputs = [
    /^, there was a little .*\n(.*\n)*\d+ tokens\/s on .+\n$/,
    /\(0 of \d+ tokens were in the cache\)\n(.*\n)*\([1-9]\d* of \d+ tokens were in the cache\)\n4\n$/,
  ]
  it.each(runnableBlocks(readme).map((block, i) => [block.line, block, outputs[i]] as const))(
    'the example at line %i runs',
    (_, { language, code }, output) => {
      expect(language).toBe('js')
      // A module given as text resolves packages from the current folder: this package finds itself by name.
      const args = ['--input-type=module', '--eval', code]
      const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
      expect(stderr).toBe('')
      expect(status).toBe(0)
      expect(stdout).toMatch(output)
    },
  )

  it('names every verb, and every exit code of an error', () => {
    const verbs = createProgram()
      .commands.map((command) => command.name())
      .filter((name) => name !== 'complete')
    expect(verbs.length).toBeGreaterThan(8)
    for (const verb of verbs) expect(readme).toContain(`| \`${verb}\` `)
    for (const code of [0, 1, 2, 130]) expect(readme).toMatch(new RegExp(`^\\| ${code} +\\|`, 'm'))
  })
})
