/** The help of every verb: each example in it runs. */
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packModel } from '../src/checkpoint/pack-writer.js'
import { createProgram } from '../src/cli/program.js'
import { cleanUp, configs, newFolder, writeCheckpoint } from './support/checkpoints.js'
import { program, run, start } from './support/cli.js'
import { tokenizerConfig } from './support/tokenizer-files.js'

let folder: string
beforeAll(async () => {
  folder = newFolder()
  const checkpoint = writeCheckpoint(configs.qwen3)
  const template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "
  writeFileSync(
    join(checkpoint, 'tokenizer_config.json'),
    JSON.stringify({ ...tokenizerConfig, chat_template: template }),
  )
  renameSync(checkpoint, join(folder, 'Qwen3-0.6B'))
  await packModel(join(folder, 'Qwen3-0.6B'), join(folder, 'qwen3-fp4'), { mode: 'fp4', groupSize: 32 })
  writeFileSync(join(folder, 'story.txt'), 'Once upon a time.<|endoftext|>The end.<|endoftext|>And then?')
  mkdirSync(join(folder, 'bin'))
  const shim = join(folder, 'bin', 'fp4-decode')
  writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`)
  chmodSync(shim, 0o755)
})
afterAll(cleanUp)

const verbs = createProgram().commands.filter((command) => command.name() !== 'complete')

/** The commands below "Examples:", without the lines that say what they do. */
function examplesOf(help: string): string[] {
  const [, section = ''] = help.split('\nExamples:\n')
  return section
    .split('\n\n')[0]
    .split('\n')
    .filter((line) => /^ {2}[^#\s]/.test(line))
    .map((line) => line.trim())
}

describe.each(verbs.map((verb) => verb.name()))('fp4-decode %s', (name) => {
  it('has help with examples that run', async () => {
    const { code, stdout, stderr } = await run([name, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const examples = examplesOf(stdout)
    expect(examples.length).toBeGreaterThan(0)
    const env = { PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH ?? ''}` }
    for (const example of examples) {
      expect(example).toContain(`fp4-decode ${name}`)
      const outcome = await start('sh', ['-c', example], { cwd: folder, env })
      expect(outcome, example).toMatchObject({ code: 0 })
      expect(outcome.stdout + outcome.stderr).not.toBe('')
      if (example.includes('--json')) for (const line of outcome.stdout.trim().split('\n')) JSON.parse(line)
    }
  }, 120_000)

  it('describes every option', () => {
    const verb = verbs.find((one) => one.name() === name)!
    expect(verb.description()).not.toBe('')
    for (const option of verb.options) expect(option.description, option.flags).not.toBe('')
    for (const argument of verb.registeredArguments) expect(argument.description, argument.name()).not.toBe('')
  })
})

describe('fp4-decode', () => {
  it('lists its verbs and exit codes', async () => {
    const { code, stdout } = await run(['--help'])
    expect(code).toBe(0)
    for (const verb of verbs) expect(stdout).toMatch(new RegExp(`^  ${verb.name()}`, 'm'))
    expect(stdout).toContain('Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted')
  })

  it('tells its version', async () => {
    expect(await run(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    })
  })

  it.each(['bash', 'zsh', 'fish'])('completes in %s', async (shell) => {
    const { code, stdout } = await run(['completion', shell])
    expect(code).toBe(0)
    expect(stdout).toContain('fp4-decode')
    expect(stdout).toContain('complete --')
    if (shell === 'bash') expect(await start('bash', ['-n'], { input: stdout })).toMatchObject({ code: 0, stderr: '' })
  })

  it('completes verbs, options and their values', async () => {
    const suggestions = async (...words: string[]): Promise<string[]> =>
      (await run(['complete', '--', ...words])).stdout.split('\n').map((line) => line.split('\t')[0])
    expect(await suggestions('')).toEqual(expect.arrayContaining(['generate', 'chat', 'convert', 'inspect', 'doctor']))
    expect(await suggestions('generate', '--te')).toContain('--temp')
    expect(await suggestions('convert', '--to', '')).toEqual(expect.arrayContaining(['packed', 'mlx']))
  })

  it('refuses to complete in a shell that it does not know', async () => {
    const { code, stderr } = await run(['completion', 'tcsh'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^\[fp4-decode\] .*'tcsh' is invalid.*\n$/)
  })
})
