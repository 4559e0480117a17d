import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { DispatchError, SimulationError } from '../errors.js'

/** One runner process and its lines. Requests are answered in their order. */
export class Connection {
  readonly #child: ChildProcess
  readonly #waiting: { take: (line: string) => boolean; reject: (error: Error) => void }[] = []
  #stderr = ''
  #ended: Error | null = null
  readonly greeting: Promise<string>

  constructor(path: string) {
    this.#child = spawn(path, [], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0:halt_on_error=0:color=never',
        UBSAN_OPTIONS: 'print_stacktrace=0:color=never',
      },
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-20000)
    })
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        if (this.#waiting[0]?.take(line)) this.#waiting.shift()
        this.#hold()
      })
    this.#child.stdin?.on('error', () => undefined)
    this.#child.on('error', (error) => {
      this.#end(error)
    })
    this.#child.on('close', (status, signal) => {
      const how = signal ?? `exit status ${String(status)}`
      this.#end(
        new SimulationError(
          `[simulator] expected an answer from the runner, got its end (${how}).${this.#stderr === '' ? '' : `\n${this.#stderr}`}`,
        ),
      )
    })
    this.greeting = this.#expect(() => true).then((lines) => lines[0] ?? '')
    this.greeting.catch(() => undefined)
    this.#hold()
  }

  get alive(): boolean {
    return this.#ended === null
  }

  /** Sends lines; resolves with the answer's lines up to and with the one that `last` accepts. */
  request(lines: readonly string[], last: (line: string) => boolean): Promise<string[]> {
    if (this.#ended) return Promise.reject(this.#ended)
    const answer = this.#expect(last)
    this.#child.stdin?.write(`${lines.join('\n')}\n`)
    return answer
  }

  async command(line: string): Promise<string[]> {
    const answer = await this.request([line], (text) => text === 'ok' || text.startsWith('failed '))
    const last = answer.at(-1) ?? ''
    if (last.startsWith('failed ')) throw new DispatchError(`[simulator] ${decodeURIComponent(last.slice(7))}`)
    return answer
  }

  close(): Promise<void> {
    if (this.#ended) return Promise.resolve()
    return new Promise((resolve) => {
      this.#child.ref()
      this.#child.once('close', () => {
        resolve()
      })
      this.#child.stdin?.end()
    })
  }

  #expect(last: (line: string) => boolean): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const lines: string[] = []
      this.#waiting.push({
        take: (line) => {
          lines.push(line)
          if (!last(line)) return false
          resolve(lines)
          return true
        },
        reject,
      })
      this.#hold()
    })
  }

  // An idle runner does not keep the process that uses it alive.
  #hold(): void {
    const busy = this.#waiting.length > 0
    for (const part of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      const handle = part as unknown as { ref?: () => void; unref?: () => void } | null
      if (busy) handle?.ref?.()
      else handle?.unref?.()
    }
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended)
  }
}
