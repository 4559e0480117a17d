import { spawn } from 'node:child_process'

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. Rejects only if it cannot be started or the signal aborts. */
export const runProcess = (
  command: string,
  parameters: readonly string[],
  options: { input?: string; signal?: AbortSignal | undefined; cwd?: string } = {},
): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', reject)
    child.on('close', (status) => {
      resolve({ status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() })
    })
    // The program may end without reading its input.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
  })
