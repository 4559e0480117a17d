import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { objcDirectory, objcDriver } from '../src/index.js'
import { type Outcome, runProcess } from '../src/process.js'
import { buildCases, missing } from './objc/build.js'

if (missing !== undefined) console.log(`metal-sim: ${missing} is missing: tests of the Metal API on Linux are skipped`)

const sources = readdirSync(join(import.meta.dirname, 'objc')).filter((name) => name.endsWith('.mm'))
const casesOf = (source: string): string[] =>
  [...readFileSync(join(import.meta.dirname, 'objc', source), 'utf8').matchAll(/^CASE\((\w+)\)/gm)].map(
    ([, name]) => name,
  )

describe.skipIf(missing !== undefined)('the Metal API on Linux', () => {
  let program: string
  beforeAll(async () => {
    process.env.METAL_SIM_DRIVER = objcDriver().join('\n')
    program = await buildCases()
  }, 300_000)

  describe.each(sources.filter((source) => casesOf(source).length > 0))('%s', (source) => {
    const names = casesOf(source).filter((name) => name !== 'default_is_abort')
    const said = new Map<string, string>()
    let end: Outcome
    // One process for all, so that their kernels are compiled once.
    beforeAll(async () => {
      end = await runProcess(program, names)
      for (const [, lines, result, name] of end.stdout.matchAll(/((?:.*\n)*?)(ok|failed) (\w+)\n/g))
        said.set(name, result === 'ok' ? result : lines)
    }, 200_000)

    // Each ends by counting the objects that are still alive.
    it.each(names)('%s', (name) => {
      expect(said.get(name) ?? `ended before, with ${String(end.status)}: ${end.stderr}`).toBe('ok')
    })
    it('says nothing else', () => expect(end.stderr).toBe(''))
  })

  it('aborts on misuse unless told otherwise, as Metal does', async () => {
    const { status, stderr } = await runProcess(program, ['default_is_abort'])
    expect(status).toBeNull()
    expect(stderr).toContain('failed assertion `-[MTLBuffer didModifyRange:]')
  })
})

describe('the sources of the library', () => {
  it('are all in CMakeLists.txt', () => {
    const listed = readFileSync(join(objcDirectory, 'CMakeLists.txt'), 'utf8').match(/src\/\S+\.(mm|cc)/g)!
    const present = readdirSync(join(objcDirectory, 'src'), { recursive: true, encoding: 'utf8' })
    expect([...listed].sort()).toEqual(
      present
        .filter((path) => /\.(mm|cc)$/.test(path))
        .map((path) => `src/${path}`)
        .sort(),
    )
  })
})
