/** The command: what it prints, writes and returns. */
import { spawn } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { printable, table } from '../src/cli/output.js'
import { run } from '../src/cli/run.js'
import type { TensorToWrite } from '../src/safetensors/index.js'
import { planSafetensors } from '../src/safetensors/write.js'
import { normal } from './random.js'
import { bytesOf, fileOf } from './support/files.js'

const folder = mkdtempSync(join(tmpdir(), 'fp4-quant-'))
const path = (name: string): string => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeAll(async () => {
  const a = { name: 'a.weight', dtype: 'F32', shape: [16, 128], data: bytesOf(normal(2048, 1)) } as const
  const b = { name: 'b.bias', dtype: 'F32', shape: [5], data: bytesOf(normal(5, 2)) } as const
  writeFileSync(path('in.safetensors'), await fileOf([a, b]))
  writeFileSync(path('m-1.safetensors'), await fileOf([a]))
  writeFileSync(path('m-2.safetensors'), await fileOf([b]))
  const map = { weight_map: { 'a.weight': 'm-1.safetensors', 'b.bias': 'm-2.safetensors' } }
  writeFileSync(path('model.safetensors.index.json'), JSON.stringify(map))
  writeFileSync(path('none.safetensors'), await fileOf([]))
})

async function call(
  args: string[],
  interactive = false,
  signal = new AbortController().signal,
): Promise<{ status: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const status = await run(args, { out: (text) => (out += text), err: (text) => (err += text), interactive, signal })
  return { status, out, err }
}

const packArgs = (output: string, ...more: string[]): string[] => ['pack', path('in.safetensors'), path(output), '--threads', '1', '--format', 'nvfp4', ...more] // prettier-ignore

describe('a fault of the command itself', () => {
  afterEach(() => vi.unstubAllEnvs())
  it.each([
    ['', 'fp4-quant: no more paper\n'],
    ['1', /^fp4-quant: no more paper\nError: no more paper\n +at .*cli\.test\.ts/],
  ])('comes with a stack when it is asked for: DEBUG=%s', async (value, message) => {
    vi.stubEnv('DEBUG', value)
    let err = ''
    const out = (): never => {
      throw new Error('no more paper')
    }
    const { signal } = new AbortController()
    const terminal = { out, err: (text: string) => (err += text), interactive: false, signal }
    expect(await run(['inspect', path('in.safetensors')], terminal)).toBe(1)
    if (typeof message === 'string') expect(err).toBe(message)
    else expect(err).toMatch(message)
  })
})

describe('fp4-quant pack', () => {
  it('packs, with one line when nobody watches', async () => {
    const { status, out, err } = await call(packArgs('out.safetensors'))
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out).toMatch(
      /^.*out\.safetensors: packed 1 of 2 tensors as nvfp4 in layout kn, 8\.21 kB -> \d\.\d\d kB, worst tensor 2\d\.\d\d dB \(a\.weight\), \d+\.\d s\n$/,
    )
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([])
  })
  it('draws a bar on a terminal and takes it away', async () => {
    const { out, err } = await call(packArgs('bar.safetensors'), true)
    expect(err).toMatch(/packing █+ 100 % of 8\.21 kB/)
    expect(err.endsWith('\r\x1b[2K')).toBe(true)
    expect(out.split('\n')).toHaveLength(2)
  })
  it('reads shards and folders, and reports as JSON', async () => {
    const { status, out } = await call([
      'pack',
      folder,
      path('shards.safetensors'),
      '--format',
      'mxfp4',
      '--threads',
      '1',
      '--json',
    ])
    expect(status).toBe(0)
    const report = JSON.parse(out) as { tensors: { name: string; format?: string; error?: { sqnrDb: number } }[] }
    expect(report.tensors.map(({ name, format }) => [name, format])).toEqual([['a.weight', 'mxfp4'], ['b.bias', undefined]]) // prettier-ignore
    expect(report.tensors[0].error?.sqnrDb).toBeGreaterThan(15)
  })
  it.each<[string, string[], number, RegExp]>([
    ['no verb', [], 2, /Usage: fp4-quant/],
    ['an unknown option', ['pack', 'a', 'b', '--format', 'fp4', '--sclaes', 'x'], 2, /unknown option '--sclaes'/],
    ['no format', ['pack', 'a', 'b'], 2, /required option '--format <name>' not specified/],
    ['a wrong format', ['pack', 'a', 'b', '--format', 'q4'], 2, /Allowed choices are fp4, mxfp4, nvfp4/],
    ['a wrong count', ['pack', 'a', 'b', '--format', 'fp4', '--threads', '0'], 2, /positive integer/],
    [
      'a layout without the format',
      packArgs('x.safetensors', '--layout', 'mlx'),
      2,
      /as layout mlx has none, got nvfp4/,
    ],
    [
      'no input',
      ['pack', path('missing.safetensors'), path('x'), '--format', 'fp4'],
      1,
      /missing\.safetensors: expected a file or a folder, got none/,
    ],
    [
      'a folder that is not there',
      packArgs('no/such/folder.safetensors'),
      1,
      /no\/such: expected a folder to write into, got none\. Make it first/,
    ],
    [
      'a file in the place of a folder',
      packArgs('m-1.safetensors/x.safetensors'),
      1,
      /m-1\.safetensors: expected a folder to write into, got a file\. Choose another name/,
    ],
    [
      'a name that cannot be',
      packArgs(`${'x'.repeat(300)}.safetensors`),
      1,
      /x\.safetensors: expected a file that can be written, got ENAMETOOLONG/,
    ],
    [
      'no tensor that is included',
      packArgs('x.safetensors', '--include', 'none*'),
      2,
      /expected a tensor to pack in .*in\.safetensors, got none of 2 \(2 not included\)\. Widen --include/,
    ],
    [
      'a file with nothing to pack',
      ['pack', path('m-2.safetensors'), path('x.safetensors'), '--format', 'fp4'],
      1,
      /m-2\.safetensors: expected a tensor to pack, got none of 1 \(1 not a matrix .*\)\. Name a checkpoint/,
    ],
    [
      'a file without tensors',
      ['pack', path('none.safetensors'), path('x.safetensors'), '--format', 'fp4'],
      1,
      /none\.safetensors: expected a tensor to pack, got no tensor at all/,
    ],
    ['dashes alone', ['--'], 2, /Usage: fp4-quant/],
    [
      'the input as output',
      ['pack', path('in.safetensors'), path('in.safetensors'), '--format', 'fp4'],
      2,
      /expected an output that is not the input/,
    ],
  ])('returns its status for %s', async (_, args, status, message) => {
    const result = await call(args)
    expect(result.status).toBe(status)
    expect(result.err).toMatch(message)
    expect(result.err).not.toContain('\n    at ')
    expect(existsSync(path('x.safetensors'))).toBe(false)
  })
  it('leaves an older output as it was when a file is damaged', async () => {
    const values = normal(128, 3)
    values[5] = NaN
    const bytes = await fileOf([{ name: 'w', dtype: 'F32', shape: [2, 64], data: bytesOf(values) }])
    writeFileSync(path('nan.safetensors'), bytes)
    writeFileSync(path('older'), 'older')
    const { status, err } = await call([
      'pack',
      path('nan.safetensors'),
      path('older'),
      '--format',
      'fp4',
      '--threads',
      '1',
      '--force',
    ])
    expect(status).toBe(1)
    expect(err).toMatch(/tensor "w": expected finite values, got NaN at index 5/)
    expect(readFileSync(path('older'), 'utf8')).toBe('older')
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([])
  })
  it('replaces an output only with --force, and follows a link to it', async () => {
    mkdirSync(path('folder'))
    writeFileSync(path('there'), 'older')
    symlinkSync('there', path('link'))
    symlinkSync('nowhere', path('dangling'))
    for (const [output, message, ...more] of [
      ['there', /expected an output that is not there, got .*there\. .*--force/],
      ['link', /expected an output that is not there, got .*link\. .*--force/],
      ['dangling', /got .*dangling, a link to nothing/, '--force'],
      ['folder', /expected a file as output, got .*folder, a folder\. Name the file/, '--force'],
    ] as const) {
      const { status, err } = await call(packArgs(output, ...more))
      expect(status, output).toBe(2)
      expect(err).toMatch(message)
    }
    const { status, err } = await call(['pack', path('in.safetensors'), '-', '--format', 'fp4'])
    expect({ status, there: existsSync('-') }, err).toEqual({ status: 2, there: false })
    expect(readFileSync(path('there'), 'utf8')).toBe('older')
    expect(await call(packArgs('link', '--force'))).toMatchObject({ status: 0, err: '' })
    expect(lstatSync(path('link')).isSymbolicLink()).toBe(true)
    expect(readFileSync(path('there')).length).toBeGreaterThan(1000)
    expect(readdirSync(path('folder'))).toEqual([])
  })
  it('takes a glob with each --include, wherever it stands', async () => {
    const flags = ['--format', 'fp4', '--threads', '1', '--json', '--include', 'no*', '--include', '*.w*']
    const { status, out } = await call(['pack', ...flags, path('in.safetensors'), path('globs.safetensors')])
    expect(status).toBe(0)
    const { tensors } = JSON.parse(out) as { tensors: { format?: string; reason?: string }[] }
    expect(tensors.map(({ format, reason }) => format ?? reason)).toEqual(['fp4', 'not included'])
  })
  it('says that a configuration is missing, and shows what would move the cursor', async () => {
    const name = '\x1b[2J\u202ex'
    const values = normal(128, 4)
    for (const [file, last] of [['names.safetensors', 1], ['bad-names.safetensors', NaN]] as const) {
      values[127] = last
      writeFileSync(path(file), await fileOf([{ name, dtype: 'F32', shape: [2, 64], data: bytesOf(values) }]))
    } // prettier-ignore
    const flags = ['--format', 'mxfp4', '--layout', 'gpt-oss', '--threads', '1']
    const good = await call(['pack', path('names.safetensors'), path('names-out'), ...flags])
    expect(good.out).toContain('(\\x1b[2J\\u{202e}x)')
    expect(good.out).toMatch(/\nnote: .*; quantization_config in config\.json is yours to write\.\n$/)
    const bad = await call(['pack', path('bad-names.safetensors'), path('bad-out'), ...flags])
    expect(bad).toMatchObject({ status: 1, out: '' })
    expect(bad.err).toContain('\\u{202e}x": expected finite values')
    // eslint-disable-next-line no-control-regex -- that there is none
    expect(good.out + bad.err).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/)
  })
  it('returns 130 when it was interrupted before', async () => {
    const { status, err } = await call(packArgs('never.safetensors'), false, AbortSignal.abort(new Error('SIGINT')))
    expect({ status, err }).toEqual({ status: 130, err: 'fp4-quant: interrupted; nothing was written.\n' })
    expect(existsSync(path('never.safetensors'))).toBe(false)
  })
})

describe('fp4-quant inspect', () => {
  it('lists tensors, and errors against the original', async () => {
    await call(packArgs('look.safetensors', '--layout', 'modelopt'))
    const { status, out } = await call(['inspect', path('look.safetensors'), '--against', path('in.safetensors')])
    expect(status).toBe(0)
    const lines = out.split('\n')
    expect(lines[0]).toMatch(/^tensor +type +shape +layout +bytes +SQNR +largest error$/)
    expect(lines[1]).toMatch(/^a\.weight +nvfp4 +16 x 128 +modelopt +1\.16 kB +2\d\.\d\d dB +0\.\d+$/)
    expect(lines[2]).toMatch(/^b\.bias +F32 +5 +20 B$/)
    expect(lines[3]).toMatch(/2 tensors, 1 packed, .*, 4\.516 bits a packed weight \(format: 4\.500\)$/)
  })
  it('prints JSON, and refuses another original', async () => {
    await call(packArgs('json.safetensors'))
    const { out } = await call(['inspect', path('json.safetensors'), '--json'])
    expect((JSON.parse(out) as { tensors: unknown[] }).tensors).toHaveLength(2)
    const { status, err } = await call(['inspect', path('json.safetensors'), '--against', path('m-2.safetensors')])
    expect(status).toBe(1)
    expect(err).toMatch(
      /m-2\.safetensors, tensor "a\.weight": expected the original, 1 x 16 x 128 values, got no such tensor/,
    )
  })
  it('shows what would move the cursor', async () => {
    writeFileSync(
      path('evil.safetensors'),
      await fileOf([{ name: '\x1b[2Jx', dtype: 'U8', shape: [1], data: Uint8Array.of(1) }]),
    )
    const { out } = await call(['inspect', path('evil.safetensors')])
    expect(out).toContain('\\x1b[2Jx')
    expect(out).not.toContain('\x1b')
  })
})

describe('tables', () => {
  it('have any number of rows', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [`layers.${i}`])
    expect(table(['tensor'], rows, []).endsWith('\nlayers.199999\n')).toBe(true)
  })
  it('show control and format characters', () => {
    expect(printable('a\n\x9b\u00ad\u{e0001}é')).toBe('a\\x0a\\x9b\\xad\\u{e0001}é')
  })
})

describe('fp4-quant', () => {
  it('has a version and help with an example that runs', async () => {
    expect((await call(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
    for (const verb of ['pack', 'inspect']) {
      const { status, out } = await call([verb, '--help'])
      expect(status).toBe(0)
      const example = /Example:\n {2}fp4-quant (.+)/.exec(out)?.[1] ?? ''
      const args = example.split(' ').map((word) => {
        if (word === 'model.safetensors') return path('in.safetensors')
        return word.endsWith('.safetensors') ? path(word) : word
      })
      expect(await call(args)).toMatchObject({ status: 0, err: '' })
    }
  })
  it('ends with 130 on Ctrl-C and leaves nothing behind', async () => {
    const cli = join(fileURLToPath(new URL('..', import.meta.url)), 'build', 'test-cli.cjs')
    await build({
      entryPoints: [fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))],
      bundle: true, platform: 'node', format: 'cjs', outfile: cli, logLevel: 'error',
      define: { 'import.meta.url': '__url' }, banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href" },
    }) // prettier-ignore
    // Seconds of work, of which nothing is on the disk: the zeros of a sparse file.
    const tensors: TensorToWrite[] = Array.from({ length: 32 }, (_, i) => ({
      name: `w${i}`, dtype: 'F32', shape: [4096, 4096], data: new Uint8Array(0),
    })) // prettier-ignore
    const { header, byteLength } = planSafetensors(tensors)
    writeFileSync(path('big.safetensors'), header)
    truncateSync(path('big.safetensors'), byteLength)
    const child = spawn(process.execPath, [
      cli,
      'pack',
      path('big.safetensors'),
      path('interrupted.safetensors'),
      '--format',
      'nvfp4',
      '--scales',
      'mse',
      '--threads',
      '1',
    ])
    let err = ''
    child.stderr.on('data', (text: Buffer) => (err += text.toString()))
    const status = new Promise((resolve) => child.on('exit', resolve))
    while (!readdirSync(folder).some((name) => name.includes('interrupted')) && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    child.kill('SIGINT')
    expect(await status, err).toBe(130)
    expect(err).toBe('fp4-quant: interrupted; nothing was written.\n')
    expect(readdirSync(folder).filter((name) => name.includes('interrupted'))).toEqual([])
  })
})
