import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanUp, configs, newFolder, writeCheckpoint } from './support/checkpoints.js'
import { run } from './support/cli.js'

let model: string
beforeAll(() => {
  model = writeCheckpoint(configs.qwen3Moe)
})
afterAll(cleanUp)

describe('fp4-decode generate', () => {
  it('prints one object with --json and nothing else', async () => {
    const args = [
      'generate',
      '-m',
      model,
      '--prompt',
      'the cat',
      '--max-tokens',
      '12',
      '--temp',
      '0',
      '-t',
      '1',
      '--json',
    ]
    const { code, stdout, stderr } = await run(args)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const result = JSON.parse(stdout) as Record<string, unknown>
    expect(result).toMatchObject({
      device: 'cpu',
      threads: 1,
      format: 'fp4',
      groupSize: 128,
      promptTokens: 6,
      precision: 'int8',
    })
    expect(typeof result.text).toBe('string')
    expect((result.tokens as number[]).length).toBe(result.tokenCount)
    expect(result.tokensPerSecond).toBeGreaterThan(0)
    expect(result.promptTokensPerSecond).toBeGreaterThan(0)
    expect(stdout.trim().split('\n')).toHaveLength(1)
  })

  it('prints the text alone on stdout and the speed on stderr', async () => {
    const args = [
      'generate',
      '-m',
      model,
      '-p',
      'the cat',
      '--max-new-tokens',
      '8',
      '--temp',
      '0.8',
      '--seed',
      '7',
      '--q-mode',
      'none',
    ]
    const first = await run(args)
    expect(first.code).toBe(0)
    expect(first.stderr).toMatch(/\d+ tokens, [\d.]+ tokens\/s \(prompt: 6 tokens, [\d.]+ tokens\/s\)/)
    expect((await run(args)).stdout).toBe(first.stdout)
  })

  it('takes the prompt without a flag', async () => {
    const args = ['-m', model, '--temp', '0', '--json']
    const flagged = await run(['generate', ...args, '-p', 'the cat', '-n', '5'])
    const plain = await run(['generate', 'the cat', ...args, '-n', '5'])
    const told = ({ stdout }: { stdout: string }): unknown => {
      const { text, tokens, promptTokens } = JSON.parse(stdout) as Record<string, unknown>
      return { text, tokens, promptTokens }
    }
    expect(told(plain)).toEqual(told(flagged))
  })

  it('says when the context is full, and to widen it where the model can do more', async () => {
    const narrow = await run(['generate', 'the cat', '-m', model, '-n', '200', '--context', '20'])
    expect(narrow.stderr).toMatch(/\[generate\] the context of \d+ tokens is full\. Widen it: --context\.\n$/)
    expect(narrow.code).toBe(0)
    const small = writeCheckpoint({ ...configs.qwen3Moe, max_position_embeddings: 32 })
    const widest = await run(['generate', 'the cat', '-m', small, '-n', '200'])
    expect(widest.stderr).toMatch(/\[generate\] the context of 32 tokens is full\. The model was made for no more\.\n$/)
    expect(widest.code).toBe(0)
  })

  it('reads the prompt from stdin, and stops at a text', async () => {
    const base = ['generate', '-m', model, '--temp', '1', '--seed', '5', '-n', '30', '--json']
    const given = JSON.parse((await run([...base, '-p', 'tell me'])).stdout) as { text: string }
    const stop = given.text.slice(5, 9)
    const { stdout } = await run([...base, '-p', '-', '--stop', 'nothing of the kind', '--stop', stop], {
      input: 'tell me',
    })
    expect(JSON.parse(stdout)).toMatchObject({
      text: given.text.slice(0, given.text.indexOf(stop)),
      finishReason: 'stop',
    })
  })

  it('runs a geometry on token ids', async () => {
    const geometry = ['--geometry', 'qwen3-0.6b', '--layers', '1', '--vocab', '300', '-c', '64']
    const { code, stdout } = await run(['generate', ...geometry, '-p', '1,2,3', '-n', '4', '--temp', '0', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      tokenCount: 4,
      promptTokens: 3,
      model: 'qwen3-0.6b (synthetic weights)',
    })
    const text = await run(['generate', ...geometry, '-p', 'a text'])
    expect(text).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^\[generate\] expected token ids .* got "a text".*\n$/) as string,
    })
  })

  it('stops cleanly at Ctrl-C, with what was made and exit code 130', async () => {
    const slow = ['--geometry', 'qwen3-0.6b', '--layers', '2', '--vocab', '2000', '-c', '4096']
    let sent = false
    const { code, signal, stdout, stderr } = await run(['generate', ...slow, '-n', '4000', '--temp', '0'], {
      onOutput: (text, kill) => {
        if (text.length > 10 && !sent) kill('SIGINT')
        sent ||= text.length > 10
      },
    })
    expect({ code, signal }).toEqual({ code: 130, signal: null })
    expect(stdout).toMatch(/^(\d+ )+\d+\n$/)
    expect(stderr).toMatch(/tokens\/s/)
    expect(stderr).not.toMatch(/ at .*\d+:\d+/)
  })
})

describe('fp4-decode bench', () => {
  const bench = ['bench', '-p', '16', '--max-new-tokens', '10', '-r', '2']

  it('reports json', async () => {
    const { code, stdout } = await run([...bench, '-m', model, '-o', 'json'])
    expect(code).toBe(0)
    const { rows } = JSON.parse(stdout) as { rows: Record<string, unknown>[] }
    expect(rows.map(({ test }) => test)).toEqual(['pp16', 'tg10'])
    for (const row of rows) {
      expect(row).toMatchObject({
        device: 'cpu',
        model,
        samplesTokensPerSecond: [expect.any(Number), expect.any(Number)],
      })
      expect(row.tokensPerSecond).toBeGreaterThan(0)
    }
  })

  it('reports markdown and csv', async () => {
    const markdown = await run([...bench, '-m', model])
    expect(markdown.stdout.split('\n')[0]).toBe('| model | size | params | format | device | threads | test | t/s |')
    expect(markdown.stdout).toMatch(/\| tg10 \| [\d.]+ ± [\d.]+ \|/)
    const csv = await run([...bench, '-m', model, '-o', 'csv'])
    expect(csv.stdout.trim().split('\n')).toHaveLength(3)
    expect(csv.stdout).toMatch(/^model,architecture,format,/)
  })
})

describe('the other verbs', () => {
  it('pack, then info, generate and perplexity of what was packed', async () => {
    const target = join(newFolder(), 'packed')
    const packed = await run(['pack', model, target, '--q-mode', 'fp4', '--q-group-size', '32', '--q-scales', 'mse'])
    expect(packed).toMatchObject({ code: 0, stdout: '' })
    expect(packed.stderr).toMatch(/MB\n$/)
    const info = JSON.parse((await run(['info', '-m', target, '--json'])).stdout) as Record<string, unknown>
    expect(info).toMatchObject({ architecture: 'qwen3_moe', formats: ['fp4'], groupSize: 32, layers: 4 })
    expect((await run(['info', '-m', target])).stdout).toMatch(/weights {9}fp4 \(groups of 32\)/)
    const text = join(newFolder(), 'text.txt')
    writeFileSync(text, 'the first<|endoftext|>the second<|endoftext|>the third')
    const result = await run(['perplexity', text, '--last', '2', '-m', target, '--json'])
    expect(JSON.parse(result.stdout)).toMatchObject({ documents: 2, windowed: 0, perplexity: expect.any(Number) })
  })
})

describe('errors', () => {
  const cases: [string, number, string[], RegExp][] = [
    ['an unknown option', 2, ['generate', '--temprature', '1'], /unknown option '--temprature'/],
    ['a wrong value', 2, ['generate', '-n', 'many'], /option '-n, --max-tokens <n>' argument 'many' is invalid. Expected an integer of at least 1/], // prettier-ignore
    ['no probability at all', 2, ['generate', '--top-p', '0', '-m', '/nowhere'], /'--top-p <x>' argument '0' is invalid. Expected a number above 0 and up to 1/], // prettier-ignore
    ['too many log-probabilities', 2, ['generate', '--logprobs', '500', '-m', '/nowhere'], /'--logprobs <n>' argument '500' is invalid. Expected an integer from 0 to 100/], // prettier-ignore
    ['a format for what is packed, to inspect', 2, ['inspect', '--q-mode', 'nvfp4'], /expected no format \(quantization, --q-mode\)/], // prettier-ignore
    [
      'a wrong choice',
      2,
      ['generate', '--q-mode', 'int4'],
      /argument 'int4' is invalid. Allowed choices are none, fp4, mxfp4, nvfp4/,
    ],
    ['an unknown verb', 2, ['sing'], /unknown command 'sing'/],
    ['a missing argument', 2, ['perplexity'], /missing required argument 'text'/],
    ['two prompts', 2, ['generate', 'a', '-p', 'b'], /expected one prompt, got two/],
    ['a word after the prompt', 2, ['generate', 'a', 'b'], /too many arguments for 'generate'/],
    ['two models', 2, ['generate', '-m', 'a', '--geometry', 'b'], /expected --model or --geometry, got both/],
    [
      'a folder that is not there',
      1,
      ['generate', '-m', '/nowhere'],
      /\[checkpoint\] \/nowhere: expected a folder, got none/,
    ],
    ['layers without a geometry', 2, ['info', '--layers', '2'], /expected --geometry with --layers, got none/],
    ['a format for what is packed', 2, ['info', '--q-mode', 'fp4'], /expected no format \(quantize, --q-mode\)/],
    [
      'a prompt longer than the context',
      1,
      ['generate', '-c', '1', '-p', 'Once upon a time'],
      /expected at most 1 tokens, the length of the context/,
    ],
    ['an unknown geometry', 2, ['info', '--geometry', 'gpt-9'], /expected one of qwen3-0.6b, .*, got "gpt-9"/],
    ['a device that is not there', 1, ['info', '--geometry', 'qwen3-0.6b', '--layers', '1', '--device', process.platform === 'darwin' ? 'cuda' : 'metal'], /createDevice/], // prettier-ignore
    ['a text that is not there', 1, ['perplexity', '/nowhere.txt'], /\[perplexity\] expected a text file or folder at \/nowhere.txt, got ENOENT/], // prettier-ignore
  ]
  it.each(cases)('%s ends with exit code %i and one line', async (_, code, args, message) => {
    const outcome = await run(args)
    expect(outcome.stderr).toMatch(message)
    expect(outcome.stderr.trim().split('\n')).toHaveLength(1)
    expect(outcome).toMatchObject({ code, stdout: '' })
  })

  it('a malformed file is named', async () => {
    const folder = writeCheckpoint(configs.llama)
    const file = join(folder, 'model.safetensors')
    writeFileSync(file, readFileSync(file).subarray(0, 5000))
    const outcome = await run(['generate', '-m', folder])
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toMatch(
      /^\[checkpoint\] .*model.safetensors: expected a header of \d+ bytes|data_offsets within/,
    )
    expect(outcome.stderr.trim().split('\n')).toHaveLength(1)
  })

  it('help and version are none', async () => {
    for (const args of [['--help'], ['generate', '--help'], ['--version']]) {
      expect(await run(args)).toMatchObject({ code: 0, stderr: '' })
    }
  })
})
