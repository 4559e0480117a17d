import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** How to call pnpm here: as the one that runs the tests, by its name, or through npx. `undefined` when nothing works. */
function findPnpm(): readonly string[] | undefined {
  const running = process.env.npm_execpath
  const candidates = [
    ...(running?.includes('pnpm') ? [/\.[cm]?js$/.test(running) ? [process.execPath, running] : [running]] : []),
    ['pnpm'],
    ['npx', '-y', 'pnpm@10.34.9'],
  ]
  return candidates.find(([command, ...args]) => {
    try {
      return /^10\./.test(execFileSync(command, [...args, '--version'], { cwd: root, encoding: 'utf8', stdio: 'pipe' }))
    } catch {
      return false
    }
  })
}

const pnpm = findPnpm()
if (pnpm === undefined) console.warn('e2e-decode: skipped the root script (neither pnpm 10 nor npx works here)')

describe.skipIf(pnpm === undefined)('the root script', () => {
  it('prints json that another program can read, and nothing else', () => {
    const [command, ...args] = pnpm!
    const generate = ['generate', '--prompt', 'Once upon a time', '--max-tokens', '8', '--temp', '0', '--json']
    const stdout = execFileSync(command, [...args, '-s', 'decode', ...generate], { cwd: root, encoding: 'utf8' })
    expect(JSON.parse(stdout)).toMatchObject({
      text: expect.stringMatching(/\w/) as string,
      tokens: expect.arrayContaining([expect.any(Number)]) as number[],
      tokensPerSecond: expect.any(Number) as number,
      promptTokensPerSecond: expect.any(Number) as number,
      device: expect.any(String) as string,
    })
  }, 300_000)
})
