/** The verbs that are more than a run of a library function: conversations, conversions that are killed, doctor, inspect. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packModel } from '../src/checkpoint/pack-writer.js'
import { cleanUp, configs, newFolder, writeCheckpoint } from './support/checkpoints.js'
import { program, run, start } from './support/cli.js'

let checkpoint: string
beforeAll(() => {
  checkpoint = writeCheckpoint(configs.qwen3Moe)
})
afterAll(cleanUp)

const hasPty = process.platform === 'linux' && existsSync('/usr/bin/script')

describe('chat', () => {
  const chat = ['chat', '-n', '12', '--temp', '0', '-t', '1']
  const slow = ['chat', '-n', '2000', '--temp', '1', '--seed', '1', '-t', '1', '--frequency-penalty', '0.01']

  it('answers a line each, and says that the model only continues', async () => {
    const outcome = await run(chat, { input: 'Once upon a time there was a fox.\n\nThe fox was red.\n' })
    expect(outcome.code).toBe(0)
    expect(outcome.stdout.trim().split('\n').length).toBeGreaterThanOrEqual(2)
    expect(outcome.stderr).toBe(
      '[chat] The model has no chat template: it continues the text that you begin. /reset begins another one.\n',
    )
  })

  it('prints an object for each turn, and keeps the cache between them', async () => {
    const { code, stdout } = await run([...chat, '--json', '--logprobs', '1'], { input: 'The cat sat.\nIt ran.\n' })
    expect(code).toBe(0)
    const [first, second] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>)
    expect(first).toMatchObject({ prompt: 'The cat sat.', tokenCount: 12, cachedPromptTokens: 0, dropped: 0 })
    expect(first.logprobs).toHaveLength(12)
    expect(second.cachedPromptTokens).toBe(first.promptTokens + 12 - 1)
  })

  it('knows commands, and says which it does not know', async () => {
    const file = join(newFolder(), 'talk.json')
    const lines = ['/help', 'The cat sat.', `/save ${file}`, `/save ${file}`, '/info', '/sing', '/undo', '/undo', '/retry', '/save', '/system', '/reset', '//slash', '/exit', 'not reached'] // prettier-ignore
    const { code, stdout, stderr } = await run([...chat, '--commands'], { input: lines.join('\n') })
    expect(code).toBe(0)
    expect(stdout.trim()).not.toContain('reached')
    for (const text of [
      '/retry        takes the last answer back',
      `Saved 2 messages to ${file}.`,
      `expected to write ${file}, got a file that is there already`,
      '2048 positions, 2 messages',
      'expected a command, got /sing',
      'The last turn is taken back.',
      'expected a turn to take back, got none.',
      'expected a turn to take back, got none. Say something first.',
      'expected a file after /save, got none',
      'expected a text after /system, got none',
      'The conversation is forgotten.',
    ]) expect(stderr).toContain(text) // prettier-ignore
    const { messages } = JSON.parse(readFileSync(file, 'utf8')) as { messages: { role: string }[] }
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
  })

  it('from a pipe, a line with a slash is text', async () => {
    const file = join(newFolder(), 'talk.json')
    const { code, stdout } = await run([...chat, '--json'], { input: `/save ${file}\n//twice\n/exit\n` })
    expect(code).toBe(0)
    const prompts = stdout.trim().split('\n').map((line) => (JSON.parse(line) as { prompt: string }).prompt) // prettier-ignore
    expect(prompts).toEqual([`/save ${file}`, '//twice', '/exit'])
    expect(existsSync(file)).toBe(false)
  })

  it('prints an object for each line, errors and commands included', async () => {
    const input = `The cat sat.\n${'the cat '.repeat(100)}\n/sing\nIt ran.\n`
    const { code, stdout } = await run([...chat, '-c', '64', '--json', '--commands'], { input })
    expect(code).toBe(1)
    expect(stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ prompt: 'The cat sat.', tokenCount: 12 }),
      {
        prompt: 'the cat '.repeat(100),
        error: {
          code: 'ERR_FP4_DECODE_CONTEXT_OVERFLOW',
          message: expect.stringContaining('expected a message of at most') as string,
        },
      },
      { command: '/sing', message: expect.stringContaining('expected a command, got /sing') as string },
      expect.objectContaining({ prompt: 'It ran.', tokenCount: 12 }),
    ]) // prettier-ignore
  })

  it('Ctrl-C ends a conversation from a pipe, whatever lines are left', async () => {
    let sent = 0
    const outcome = await run(slow, {
      input: 'Once upon a time\n'.repeat(50),
      onOutput: (_, kill) => {
        if (sent++ === 0) kill('SIGINT')
      },
    })
    expect(outcome).toMatchObject({ code: 130, signal: null })
    expect(outcome.stdout.trim().split('\n\n').length).toBeLessThan(50)
    expect(outcome.stderr).not.toMatch(/ at .*:\d+:\d+/)
  })

  it('a message that is longer than the context ends a pipe with 1', async () => {
    const outcome = await run([...chat, '-c', '32'], { input: `${'the cat '.repeat(100)}\n` })
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toMatch(/\[chat\] expected a message of at most 24 tokens/)
  })

  it.skipIf(!hasPty)('on a terminal: a prompt, the speed, /exit', async () => {
    const inputs = ['The cat sat.\r', '/exit\r']
    let step = 0
    const { code, stdout } = await onTerminal(chat, (text, type) => {
      if (text.split('> ').length > step + 1 && step < inputs.length) type(inputs[step++])
    })
    expect(code).toBe(0)
    expect(stdout).toContain('/help lists the commands.')
    expect(stdout).toMatch(/12 tokens, [\d.]+ tokens\/s .* of 2048 positions/)
    // NO_COLOR: cursor movements of the line editor, but no colour or faintness.
    expect(stdout.replaceAll('\u001b', '<esc>')).not.toMatch(/<esc>\[[0-9;]*m/)
  })

  it.skipIf(!hasPty)('on a terminal, Ctrl-C ends an answer, and the conversation goes on', async () => {
    let step = 0
    const { code, stdout } = await onTerminal(slow, (text, type) => {
      const due = [text.includes('> '), /Once upon a time\s+\S/.test(text), /tokens\/s.*> /s.test(text)]
      if (due[step]) type(['Once upon a time\r', '\u0003', '/exit\r'][step++])
    })
    expect(code).toBe(0)
    expect(step).toBe(3)
    expect(Number(/(\d+) tokens, [\d.]+ tokens\/s/.exec(stdout)?.[1])).toBeLessThan(2000)
  })
})

/** Runs the program on a terminal of its own; `onOutput` sees all that it has shown, and may type. */
function onTerminal(
  args: readonly string[],
  onOutput: (text: string, type: (keys: string) => void) => void,
): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve, reject) => {
    const command = `"${process.execPath}" "${program}" ${args.join(' ')}`
    const env = { ...process.env, NO_COLOR: '1', TERM: 'xterm' }
    const child = spawn('script', ['-qec', command, '/dev/null'], { env })
    let text = ''
    child.on('error', reject)
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString()
      onOutput(text, (keys) => child.stdin.write(keys))
    })
    child.on('close', (code) => resolve({ code, stdout: text }))
  })
}

describe('generate', () => {
  it('Ctrl-C ends it while it waits for a prompt', async () => {
    const child = spawn(process.execPath, [program, 'generate', '-p', '-'])
    const closed = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })))
    child.stdin.write('Once')
    // Time to read that, and then wait: a signal that came before would prove nothing.
    setTimeout(() => child.kill('SIGINT'), 1500)
    expect(await closed).toEqual({ code: null, signal: 'SIGINT' })
  })
})

describe('convert', () => {
  it('killed at any moment, it leaves the target as it was, and goes on', async () => {
    const source = writeCheckpoint({ ...configs.qwen3Moe, num_hidden_layers: 12, mlp_only_layers: [] })
    const target = join(newFolder(), 'target')
    const args = ['convert', source, target, '--q-mode', 'nvfp4', '--q-scales', 'mse', '--json']
    const whole = join(newFolder(), 'whole')
    await packModel(source, whole, { mode: 'nvfp4', scales: 'mse' })
    const killedAt = fileURLToPath(new URL('support/killed-at.mjs', import.meta.url))
    for (const count of [1, 19, 20]) {
      const { signal } = await start(process.execPath, ['--import', killedAt, program, ...args], {
        env: { KILLED_AT: String(count) },
      })
      expect(signal).toBe('SIGKILL')
      expect(existsSync(target)).toBe(false)
    }
    const { code, stderr } = await run(args)
    expect(code).toBe(0)
    expect(stderr).toMatch(/goes on after 40 finished/)
    for (const name of readdirSync(whole)) expect(readFileSync(join(target, name)).equals(readFileSync(join(whole, name))), name).toBe(true) // prettier-ignore
    expect(existsSync(`${target}.partial`)).toBe(false)
  }, 60_000)

  it('writes a folder for MLX', async () => {
    const target = join(newFolder(), 'mlx')
    const { code, stdout } = await run(['convert', checkpoint, target, '--to', 'mlx', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ target, to: 'mlx', format: 'mxfp4', files: ['model.safetensors'] })
    expect(readdirSync(target).sort()).toEqual(['config.json', 'model.safetensors', 'model.safetensors.index.json', 'tokenizer.json', 'tokenizer_config.json']) // prettier-ignore
  })

  it.each([
    [['--to', 'mlx', '--q-mode', 'fp4'], 2, /expected --q-mode mxfp4 or nvfp4 for MLX, got fp4/],
    [['--to', 'mlx', '--q-group-size', '64'], 2, /expected --q-group-size 32, which mxfp4 defines, got 64/],
    [['--to', 'gguf'], 2, /argument 'gguf' is invalid. Allowed choices are packed, mlx/],
    [['--q-group-size', '20'], 2, /groupSize to be a multiple of 8 from 16/],
    [['--q-mode', 'none', '--q-group-size', '32'], 2, /no groupSize without quantization/],
  ])('%j ends with exit code %i', async (flags, code, message) => {
    const outcome = await run(['convert', checkpoint, join(newFolder(), 'x'), ...flags])
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toMatch(message)
    expect(outcome.stderr.trim().split('\n')).toHaveLength(1)
  })

  it('leaves a folder of other files alone without --force', async () => {
    const target = writeCheckpoint(configs.llama)
    const refused = await run(['convert', checkpoint, target])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/to be absent, empty or a packed model, got a folder of other files .*--force/)
    expect((await run(['convert', checkpoint, target, '--force'])).code).toBe(0)
    expect(readdirSync(target).sort()).toEqual(['config.json', 'packed.bin', 'packed.json', 'tokenizer.json', 'tokenizer_config.json']) // prettier-ignore
  })

  it('a target that cannot be written is a failure', async () => {
    const file = join(newFolder(), 'file')
    writeFileSync(file, '')
    const outcome = await run(['convert', checkpoint, join(file, 'inside')])
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toMatch(/^\[convert\] expected to write .*inside\.partial, got .*\n$/)
  })
})

describe('inspect', () => {
  it('lists layers with the error of each, of a checkpoint and of what was packed from it the same', async () => {
    const packed = newFolder()
    await packModel(checkpoint, packed, { mode: 'mxfp4' })
    const json = async (...args: string[]): Promise<Record<string, unknown>> =>
      JSON.parse((await run(['inspect', ...args, '--json'])).stdout) as Record<string, unknown>
    const before = await json(checkpoint, '--q-mode', 'mxfp4')
    const after = await json(packed, '--original', checkpoint)
    expect(after.error).toEqual(before.error)
    expect(after.layers).toEqual(before.layers)
    expect(after).toMatchObject({
      kind: 'packed',
      weightBytes: before.weightBytes,
      bytesPerToken: before.bytesPerToken,
    })
    expect(after.roof).toMatchObject({ tokensPerSecond: expect.any(Number) as number })
    const { error } = after as { error: { sqnrDb: number } }
    expect(error.sqnrDb).toBeGreaterThan(15)
    expect(error.sqnrDb).toBeLessThan(25)
  })

  it('prints tables', async () => {
    const layers = await run(['inspect', checkpoint])
    expect(layers.code).toBe(0)
    expect(layers.stdout).toMatch(/^layer 3 +fp4(\+f32)? +[\d.]+ M +[\d.]+ MB +[\d.]+ dB$/m)
    const tensors = await run(['inspect', checkpoint, '--tensors', '--no-error'])
    expect(tensors.stdout).toMatch(/^layers\.2\.gateUp +6 x 2 x 40 x 64 +fp4\/128/m)
    expect(tensors.stdout).not.toContain('dB')
  })

  it('refuses an original that is none', async () => {
    const packed = newFolder()
    await packModel(checkpoint, packed, { mode: 'fp4' })
    const other = writeCheckpoint(configs.llama)
    expect(await run(['inspect', packed, '--original', other])).toMatchObject({ code: 2, stderr: expect.stringMatching(/with other tensors/) as string }) // prettier-ignore
    expect(await run(['inspect', packed, '--original', packed])).toMatchObject({ code: 2 })
    expect(await run(['inspect', checkpoint, '--original', other])).toMatchObject({ code: 2 })
  })
})
