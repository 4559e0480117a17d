import { describe, expect, it } from 'vitest'
import { type BenchReport, type CountingSuite, countSuites, defineCountingSuite, runCli } from '../src/index.js'

const shape = { kernel: 'gemm', format: 'fp4', n: 64, k: 128 }

/** A tile of 64 rows by formula, and what the CLI has to say of a case that fails. */
const tiles: CountingSuite = defineCountingSuite({
  name: 'tiles',
  summary: 'rows of a tile',
  *counts({ filter }) {
    for (const m of filter.m ?? [1, 64]) {
      yield {
        ...shape,
        m,
        extra: { layers: 5 },
        count: () => {
          if (m > 64) throw new Error('too many rows')
          return Promise.resolve({ usefulMultiplyAdds: m * 8192, executedMultiplyAdds: 64 * 8192, bytesRead: 10 })
        },
      }
    }
  },
})

async function cli(argv: readonly string[]): Promise<{ status: number; out: string; errors: string }> {
  let [out, errors] = ['', '']
  const status = await runCli([tiles], argv, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (errors += text),
  })
  return { status, out, errors }
}

describe('suites that count', () => {
  it('give rows of counts, and failures like the others', async () => {
    const { rows, failures } = await countSuites({ suites: [tiles], filter: { m: [1, 65, 64] } })
    expect(rows).toEqual([
      {
        suite: 'tiles',
        ...shape,
        m: 1,
        usefulMultiplyAdds: 8192,
        executedMultiplyAdds: 64 * 8192,
        utilization: 1 / 64,
        bytesRead: 10,
        layers: 5,
      },
      expect.objectContaining({ m: 64, utilization: 1 }),
    ])
    expect(failures).toEqual([{ suite: 'tiles', case: 'gemm fp4 M=65 64x128', threads: 0, message: 'too many rows' }])
  })

  it('are printed as rows of json, with nothing timed', async () => {
    const { status, out, errors } = await cli(['tiles', '-o', 'json'])
    expect(status).toBe(0)
    const { rows } = JSON.parse(out) as BenchReport
    expect(rows.map(({ kernel, m, utilization }) => [kernel, m, utilization])).toEqual([
      ['gemm', 1, 1 / 64],
      ['gemm', 64, 1],
    ])
    expect(errors).toBe('tiles: gemm fp4 M=1 64x128 … 1.6 % useful\ntiles: gemm fp4 M=64 64x128 … 100.0 % useful\n')
  })

  it('have columns of their own in tables', async () => {
    const lines = (await cli(['tiles'])).out.split('\n')
    expect(lines.slice(2)).toEqual([
      'suite  kernel  format   M     N x K  useful  executed  utilization  bytes read',
      'tiles  gemm    fp4      1  64 x 128    8192    524288        1.6 %          10',
      'tiles  gemm    fp4     64  64 x 128  524288    524288      100.0 %          10',
      '',
    ])
    expect((await cli(['tiles', '-o', 'md'])).out).toContain(
      '| tiles | gemm | fp4 | 1 | 64 x 128 | 8192 | 524288 | 1.6 % | 10 |',
    )
    const csv = (await cli(['tiles', '-o', 'csv'])).out.split('\r\n')
    expect(csv[0]).toBe(
      'suite,kernel,format,m,n,k,usefulMultiplyAdds,executedMultiplyAdds,utilization,bytesRead,layers',
    )
    expect(csv[1]).toBe('tiles,gemm,fp4,1,64,128,8192,524288,0.015625,10,5')
  })

  it('run only when they are named', async () => {
    expect((await cli(['--list'])).out).toBe('tiles  rows of a tile\n')
    expect((await cli([])).status).toBe(2)
  })

  it('fail with 1 when a case does', async () => {
    expect((await cli(['tiles', '--m', '65'])).status).toBe(1)
  })

  it('refuses one without counts', () => {
    expect(() => defineCountingSuite({ name: 'x', summary: '' } as unknown as CountingSuite)).toThrow(
      "[defineCountingSuite] expected suite 'x' to have counts(context), got undefined.",
    )
  })
})
