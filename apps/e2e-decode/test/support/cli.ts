/** Runs the program as a user does: the built one, in a process of its own. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const program: string = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
if (!existsSync(program))
  throw new Error(`expected ${program}, got none. Run the tests with pnpm test, which builds it.`)

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Leaves stdin open after the input, so that only a signal (or the program itself) ends it. */
  readonly keepOpen?: boolean
  /** Sees stdout (`stderr` with `watch`) as it grows. */
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void
  readonly watch?: 'stdout' | 'stderr'
}

/** `run(['generate', …])`; a command with its own path comes as `[[command, …]]`. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return start(process.execPath, [program, ...args], options)
}

/** Runs any command. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { input = '', cwd, env, keepOpen = false, onOutput, watch = 'stdout' } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, DEBUG: '', ...env },
      ...(cwd === undefined ? {} : { cwd }),
    })
    const out = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (data: Buffer) => {
        out[name] += data.toString()
        if (name === watch) onOutput?.(out[name], (signal) => child.kill(signal))
      })
    }
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...out }))
    // A program that ended early does not read on: that is not the test's affair.
    child.stdin.on('error', () => undefined)
    if (keepOpen) child.stdin.write(input)
    else child.stdin.end(input)
  })
}
