import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { bfloatBits, bfloatValue, halfBits, halfValue } from '../src/cli/half.js'
import { main } from '../src/cli/main.js'
import { parseValues, readValues } from '../src/cli/values.js'
import { withClang } from './support/clang.js'

const source = `#include <metal_stdlib>
#include "scale.h"
using namespace metal;
constant uint power [[function_constant(0)]];
kernel void scaled(device const half* x [[buffer(0)]], device float* out [[buffer(1)]], constant float& by [[buffer(2)]],
                   threadgroup float* staged [[threadgroup(0)]], uint i [[thread_position_in_grid]]) {
  staged[i] = SCALE(float(x[i]), by) * float(1u << power);
  out[i] = staged[i];
}
`

let output = ''
let folder = ''
const run = async (...words: string[]): Promise<number> => {
  output = ''
  return main(['node', 'metal-sim', ...words])
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'metal-sim-cli-'))
  writeFileSync(join(folder, 'scaled.metal'), source)
  writeFileSync(join(folder, 'scale.h'), '#define SCALE(x, by) ((x) * (by))\n')
  writeFileSync(join(folder, 'wrong.metal'), 'kernel void k(device double* x [[buffer(0)]]) {}\n')
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  const take = (text: unknown): boolean => {
    output += String(text).endsWith('\n') ? String(text) : `${String(text)}\n`
    return true
  }
  vi.spyOn(console, 'log').mockImplementation(take)
  vi.spyOn(console, 'error').mockImplementation(take)
  vi.spyOn(process.stderr, 'write').mockImplementation(take)
  vi.spyOn(process.stdout, 'write').mockImplementation(take)
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('the command line', () => {
  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect(await run('--version')).toBe(0)
    expect(output.trim()).toBe(version)
  })

  it('says which file is not there', async () => {
    const missing = join(folder, 'missing.metal')
    expect(await run('check', missing)).toBe(2)
    expect(output).toBe(`[metal-sim] expected a file at ${missing}, got none. Check the path.\n`)
    expect(await run('check', folder)).toBe(2)
    expect(output).toContain('got a folder')
  })
})

withClang('metal-sim', () => {
  it('checks files', async () => {
    const [good, wrong] = [join(folder, 'scaled.metal'), join(folder, 'wrong.metal')]
    expect(await run('check', good)).toBe(0)
    expect(output).toBe(`${good}: ok, 1 kernel: scaled\n`)
    expect(await run('check', good, wrong)).toBe(1)
    expect(output).toContain(`${wrong}:1:22: error: Metal has no 'double'. Use float. [double]`)
    expect(await run('check', '--json', wrong)).toBe(1)
    expect(JSON.parse(output)).toMatchObject({
      files: [{ file: wrong, ok: false, diagnostics: [{ rule: 'double', line: 1 }] }],
    })
  })

  it('ends with 2 for what cannot be run, as for a wrong command line', async () => {
    const file = join(folder, 'scaled.metal')
    expect(await run('run', file, '--threads', '3', '--threadgroup', '3')).toBe(2)
    expect(output).toContain('missing Buffer binding at index 0')
    expect(await run('run', file, '--kernel', 'nope')).toBe(2)
    expect(output).toContain('expected a kernel of')
  })

  it('runs a kernel', async () => {
    const file = join(folder, 'scaled.metal')
    const buffers = [
      '--buffer',
      '0=half:1,2,3',
      '--buffer',
      '1=zeros:12',
      '--buffer',
      '2=value:float:0.5',
      '--threadgroup-memory',
      '0=16',
    ]
    const saved = join(folder, 'out.bin')
    const grid = ['--threads', '3', '--threadgroup', '3', '--constant', 'power=2']
    expect(await run('run', file, ...grid, ...buffers, '--print', '1:float', '--save', `1=${saved}`)).toBe(0)
    expect(output).toBe('buffer 1, float: 2 4 6\nscaled: 10 bytes read, 12 written\nscaled: ok\n')
    expect([...new Float32Array(new Uint8Array(readFileSync(saved)).buffer)]).toEqual([2, 4, 6])

    expect(await run('run', file, '--threads', '4', '--threadgroup', '4', ...buffers, '--json')).toBe(1)
    expect(JSON.parse(output)).toMatchObject({
      kernel: 'scaled',
      reports: [{ kind: 'out-of-bounds', places: [{ line: 7 }] }],
    })
  })
})

describe('command line', () => {
  it.each([
    ['--buffer', '0=zeros:-1', "expected zeros:BYTES, got 'zeros:-1'"],
    ['--buffer', '0=zeros:1e18', "expected zeros:BYTES, got 'zeros:1e18'"],
    ['--buffer', '0=zeros:4294967297', "expected data of at most 4294967296 bytes, got 'zeros:4294967297'"],
    ['--buffer', '0=float*99999999999:1', "expected data of at most 4294967296 bytes, got 'float*99999999999:…'"],
    ['--buffer', '0=long:abc', "expected a whole number, got 'abc'"],
    ['--buffer', '0=ulong:1,', "expected a whole number, got ''"],
    ['--threads', '0', "expected X, X,Y or X,Y,Z of at least 1 each, got '0'"],
    ['--print', '3:float', "expected the index of a --buffer in memory, got '3'"],
    ['--save', '3=out.bin', "expected the index of a --buffer in memory, got '3'"],
    ['--constant', 'power=two', "expected a number, true or false, got 'two'"],
  ])('is read before anything is compiled: %s %s', async (option, value, message) => {
    // What does not compile is not reached.
    expect(await run('run', join(folder, 'wrong.metal'), option, value)).toBe(2)
    expect(output).toContain(`[run] ${message}`)
  })

  it('says what is wrong with itself', async () => {
    expect(await run('check', join(folder, 'missing.metal'))).toBe(2)
    expect(output).toMatch(/missing\.metal|clang/)
    expect(await run('run')).toBe(2)
    expect(output).toContain("missing required argument 'file'")
    expect(await run('check', '--wrong', 'x')).toBe(2)
    expect(output).toContain("unknown option '--wrong'")
    expect(await run('--help')).toBe(0)
  })

  it('reads and writes values', () => {
    expect([...new Float32Array(parseValues('float*3:1,2').buffer)]).toEqual([1, 2, 1])
    for (const type of ['half', 'bfloat', 'float'])
      expect(readValues(parseValues(`${type}:0.5,-2,inf`.replace('inf', 'Infinity')), type)).toEqual([
        0.5,
        -2,
        Infinity,
      ])
    expect(readValues(parseValues('ulong:18446744073709551615'), 'ulong')).toEqual(['18446744073709551615'])
    expect(readValues(parseValues('long:-1, 0x10'), 'long')).toEqual(['-1', '16'])
    expect(() => parseValues('double:1')).toThrow(/expected a type/)
    expect(() => parseValues('float:x')).toThrow(/expected a number, got 'x'/)
    expect(() => parseValues('1,2')).toThrow(/expected TYPE:VALUE/)
  })

  it('rounds to half and bfloat as the types do', () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      expect(halfBits(halfValue(bits))).toBe(bits)
      // Half way between two neighbours: the even one.
      const middle = bits === 0x7bff ? 65520 : (halfValue(bits) + halfValue(bits + 1)) / 2
      expect(halfBits(middle)).toBe(bits + (bits & 1))
    }
    expect(bfloatBits(1 + 2 ** -8)).toBe(0x3f80)
    expect(bfloatBits(1 + 3 * 2 ** -8)).toBe(0x3f82)
    expect(bfloatValue(0xbfc0)).toBe(-1.5)
  })
})
