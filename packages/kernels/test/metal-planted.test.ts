/** Faults planted into copies of real kernels: the simulator has to find each, with its place. */
import { MetalCompileError, type Report, compile } from '@metal-fp4/metal-sim'
import { describe, expect, test } from 'vitest'
import { simulatedCall } from '../bench/simulated-call.js'
import { encode } from '../src/encode.js'
import { decodeGemvFp4Wide, marlinGemmFp4 } from '../src/manifest/index.js'
import { canSimulate, sharedSimulator, sourceOf } from './support/simulate.js'

type Baseline = typeof decodeGemvFp4Wide | typeof marlinGemmFp4

/** A kernel's source with one place changed. */
function planted(definition: Baseline, from: string, to: string): string {
  const source = sourceOf(definition)
  expect(source.split(from)).toHaveLength(2)
  return source.replace(from, to)
}

/** What the simulator has to say of a source, run at a ragged shape. */
async function reportsOf(definition: Baseline, source: string): Promise<readonly Report[]> {
  const [m, n, k] = [2, 70, 133]
  const args = {
    A: new Uint16Array(m * k).fill(0x3c00),
    B: new Uint32Array(Math.ceil(k / 8) * n).fill(0x22222222),
    scales: new Uint16Array(Math.ceil(k / 64) * n).fill(0x3c00),
    C: new Uint16Array(m * n),
  }
  const encoded = encode<Baseline, ArrayBufferView>(definition, 'metal', {
    problem: { M: m, N: n, K: k, group_size: 64 },
    args,
  })
  const program = await compile(source, { name: 'planted.metal' })
  const { dispatch } = simulatedCall(definition, encoded, program)
  return (await (await sharedSimulator()).run(dispatch)).reports
}

/** The line of a file that a report names, found by the `#line` directives of a flattened source. */
function lineOf(source: string, report: Report): string | undefined {
  let at = { file: '', line: 0 }
  for (const text of source.split('\n')) {
    const directive = /^#line (\d+) "(.*)"$/.exec(text)
    if (directive) {
      at = { file: directive[2], line: Number(directive[1]) }
      continue
    }
    if (at.file === report.places[0].file && at.line === report.places[0].line) return text
    at.line++
  }
  return undefined
}

if (!canSimulate) test.skip('planted faults are caught (install clang-19)', () => undefined)
else
  describe('a planted fault is caught', () => {
    test('none, where none is', async () => {
      for (const definition of [decodeGemvFp4Wide, marlinGemmFp4]) {
        expect(await reportsOf(definition, sourceOf(definition))).toEqual([])
      }
    })

    test('a read beyond a buffer', async () => {
      // The last word of a row has 5 values: taking 8 leaves A behind its last row.
      const source = planted(decodeGemvFp4Wide, 'min(8u, K - 8u * word)', '8u')
      const reports = await reportsOf(decodeGemvFp4Wide, source)
      expect(reports[0]).toMatchObject({ kind: 'out-of-bounds', kernel: 'decode_gemv_fp4_wide' })
      expect(reports[0].places[0]).toMatchObject({ role: 'read', file: 'decode_gemv_fp4_wide.metal' })
    })

    test('a write beyond a buffer', async () => {
      const source = planted(marlinGemmFp4, 'if (r < M && n < N) C', 'if (n < N) C')
      const [report] = await reportsOf(marlinGemmFp4, source)
      expect(report).toMatchObject({ kind: 'out-of-bounds', kernel: 'marlin_gemm_fp4' })
      expect(lineOf(source, report)).toContain('if (n < N) C[ulong(r) * N + n]')
    })

    test('a removed barrier', async () => {
      const barrier = 'threadgroup_barrier(mem_flags::mem_threadgroup);\n    for (uint k = 0;'
      const reports = await reportsOf(marlinGemmFp4, planted(marlinGemmFp4, barrier, 'for (uint k = 0;'))
      const kinds = reports.map(({ kind }) => kind)
      expect(kinds).toContain('race')
      const race = reports[kinds.indexOf('race')]
      expect(race.places.map(({ role }) => role).sort()).toEqual(['read', 'write'])
      // The barrier before the tiles are loaded again orders the readers of one round and the writers of the next.
      const second = 'threadgroup_barrier(mem_flags::mem_threadgroup);\n    if (K - k0'
      const again = await reportsOf(marlinGemmFp4, planted(marlinGemmFp4, second, 'if (K - k0'))
      expect(again.map(({ kind }) => kind)).toContain('race')
    })

    test('a barrier that some threads do not reach', async () => {
      const from = '    load_rows(A, a, M, K, first_row, k0, lane);'
      const source = planted(marlinGemmFp4, from, `    if (lane == 5u) break;\n${from}`)
      const kinds = (await reportsOf(marlinGemmFp4, source)).map(({ kind }) => kind)
      expect(kinds).toContain('divergent-barrier')
    })

    test('a dropped address space', async () => {
      for (const [from, to] of [
        ['device const half* x = A', 'const half* x = A'],
        ['device const uint* at, uint count', 'const uint* at, uint count'],
      ]) {
        const error: unknown = await compile(planted(decodeGemvFp4Wide, from, to)).catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(MetalCompileError)
        const { diagnostics } = error as MetalCompileError
        expect(diagnostics[0]).toMatchObject({ severity: 'error', file: 'decode_gemv_fp4_wide.metal' })
      }
    })

    test('a write to a constant, and memory of the wrong kind', async () => {
      for (const [from, to] of [
        ['const uint first_row = tile.y * side', 'M = 1; const uint first_row = tile.y * side'],
        ['load_rows(A, a, M, K', 'load_rows(a, a, M, K'],
      ]) {
        await expect(compile(planted(marlinGemmFp4, from, to))).rejects.toThrow(MetalCompileError)
      }
    })
  })
