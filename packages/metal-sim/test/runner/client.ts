import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buildLibrary, buildRunner, type Mode } from './build.js'

export interface Place {
  readonly role: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly dispatch: number
  readonly kernel: string
  readonly thread: string
  readonly group: string
}
export interface Report {
  readonly kind: string
  readonly kernel: string
  readonly label: string
  readonly message: string
  readonly times: number
  readonly places: Place[]
}
export interface Outcome {
  readonly reports: Report[]
  readonly counts: string[][]
  readonly times: [start: number, end: number][]
  readonly suppressed: number
  readonly failed: string | null
}

const decode = (word: string): string => (word === '%' ? '' : decodeURIComponent(word))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')

/** By value, as an argument. */
export const value = (index: number, ...words: number[]): string =>
  `${index}=v:${hex(new Uint8Array(Uint32Array.from(words).buffer))}`

export interface Dispatch {
  readonly kernel: string
  readonly mode?: 'groups' | 'threads' | 'indirect'
  readonly grid?: readonly (number | string)[]
  readonly threadgroup?: readonly number[]
  readonly arguments?: readonly string[]
  readonly constants?: readonly string[]
  readonly label?: string
}

/** Speaks PROTOCOL.md with one runner that has a library open as L. */
export class Client {
  readonly hello: string
  stderr = ''
  private readonly folder = mkdtempSync(join(tmpdir(), 'metal-sim-client-'))
  private buffers = 0

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly lines: AsyncIterator<string>,
    hello: string,
  ) {
    this.hello = hello
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
  }

  static async open(mode: Mode, source = 'kernels.cpp'): Promise<Client> {
    const [runner, library] = [await buildRunner(mode), await buildLibrary(source, mode)]
    const child = spawn(runner)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const client = new Client(child, lines, String((await lines.next()).value))
    await client.ask(`library L ${library}`)
    return client
  }

  send(line: string): void {
    this.child.stdin.write(`${line}\n`)
  }

  /** All lines up to the last one of the answer. */
  async ask(line: string): Promise<string[]> {
    this.send(line)
    const answer: string[] = []
    for (;;) {
      const next = await this.lines.next()
      if (next.done === true) throw new Error(`the runner ended: ${this.stderr}`)
      answer.push(next.value)
      if (/^(ok|done|failed .*)$/.test(next.value)) return answer
    }
  }

  /** A buffer with these contents. `contents` reads what is in it now. */
  async buffer(
    data: Uint8Array | Float32Array | Uint32Array,
    access: 'r' | 'rw' = 'rw',
  ): Promise<{ id: string; contents: () => Buffer }> {
    const id = `B${this.buffers++}`
    const path = join(this.folder, id)
    writeFileSync(path, data)
    const answer = await this.ask(`buffer ${id} ${path} 0 ${data.byteLength} ${access}`)
    if (answer[0] !== 'ok') throw new Error(answer.join('\n'))
    return { id, contents: () => readFileSync(path) }
  }

  /** Runs dispatches with barriers between them, or none where `concurrent`. */
  async run(dispatches: readonly Dispatch[], { concurrent = false }: { concurrent?: boolean } = {}): Promise<Outcome> {
    this.send('begin')
    for (const d of dispatches) {
      const words = [
        'dispatch L',
        d.kernel,
        d.mode ?? 'groups',
        ...(d.grid ?? [1, 1, 1]),
        ...(d.threadgroup ?? [64, 1, 1]),
      ]
      words.push(...(d.arguments ?? []), ';', ...(d.constants ?? []), ';', d.label ?? '%')
      this.send(words.join(' '))
      if (!concurrent) this.send('barrier')
    }
    return parse(await this.ask('end'))
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve))
      this.child.stdin.end()
      await ended
    }
    rmSync(this.folder, { recursive: true })
  }
}

function parse(lines: string[]): Outcome {
  const rows = lines.map((line) => line.split(' '))
  const of = (kind: string): string[][] => rows.filter((row) => row[0] === kind).map((row) => row.slice(1))
  const failed = of('failed').map(([message]) => decode(message))
  return {
    reports: of('report').map(([kind, kernel, label, message, times, ...places]) => ({
      kind: decode(kind),
      kernel: decode(kernel),
      label: decode(label),
      message: decode(message),
      times: Number(times),
      places: places.map(parsePlace),
    })),
    counts: of('count'),
    times: of('time').map(([, start, end]) => [Number(start), Number(end)]),
    suppressed: Number(of('suppressed')[0]?.[0] ?? 0),
    failed: failed.at(0) ?? null,
  }
}

function parsePlace(word: string): Place {
  const [role, file, line, column, dispatch, kernel, ...positions] = word.split(',')
  return {
    role: role,
    file: decode(file),
    line: Number(line),
    column: Number(column),
    dispatch: Number(dispatch),
    kernel: decode(kernel),
    thread: positions.slice(0, 3).join(','),
    group: positions.slice(3).join(','),
  }
}
