/** `pnpm -s bench … -o json` from the repository's root, as a user types it: stdout is JSON and nothing else. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { BenchReport } from '../src/index.js'

const root = new URL('../../../', import.meta.url)

/** The pnpm that runs these tests, the one on the path, or the one that the root asks for through npx. */
function findPnpm(): string[] | undefined {
  const running = process.env.npm_execpath
  const { packageManager } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    packageManager: string
  }
  const candidates = [['pnpm'], ['npx', '-y', packageManager]]
  if (running !== undefined && /pnpm[^/]*$/.test(running)) {
    candidates.unshift(/\.[cm]?js$/.test(running) ? [process.execPath, running] : [running])
  }
  return candidates.find(([command, ...args]) => spawnSync(command, [...args, '--version'], { cwd: root }).status === 0)
}

const pnpm = findPnpm()
if (pnpm === undefined) process.stderr.write('skipped: the root script, since no pnpm can be found\n')

it.skipIf(pnpm === undefined)(
  'prints rows with every documented field',
  () => {
    const [command, ...args] = pnpm ?? []
    const flags = ['--shape', '256x256', '--m', '1', '--format', 'fp4', '--threads', '1', '--time', '20', '-o', 'json']
    const { status, stdout, stderr } = spawnSync(command, [...args, '-s', 'bench', 'gemv', ...flags], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
    expect(status, stderr).toBe(0)
    const { rows, failures } = JSON.parse(stdout) as BenchReport
    expect(failures).toBeUndefined()
    expect(rows.map(({ kernel }) => kernel)).toContain('gemv_fp4')
    for (const row of rows) {
      expect(row).toMatchObject({
        suite: 'gemv',
        format: 'fp4',
        m: 1,
        n: 256,
        k: 256,
        threads: 1,
      })
      expect(['float32', 'int8']).toContain(row.precision)
      expect(row.device).toBeTypeOf('string')
      const numbers = ['medianNs', 'minNs', 'maxNs', 'bytes', 'gigabytesPerSecond', 'roofGigabytesPerSecond']
      for (const field of [...numbers, 'percentOfRoof']) {
        expect(row[field], field).toSatisfy((value) => Number.isFinite(value) && (value as number) > 0)
      }
      expect(row.samplesNs.length).toBeGreaterThan(0)
    }
  },
  300_000,
)
