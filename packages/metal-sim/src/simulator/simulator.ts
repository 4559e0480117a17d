import { resolve } from 'node:path'
import { type Mode, runnerMode } from '../compile/build-flags.js'
import type { Program } from '../compile/compile.js'
import { SimulationError } from '../errors.js'
import { defaultCacheDirectory } from '../paths.js'
import { findToolchain } from '../toolchain.js'
import { Connection } from './connection.js'
import { type Dispatch, dispatchLine } from './dispatch.js'
import { SharedFile } from './memory.js'
import { formatReport, parseResults } from './parse-results.js'
import type { RunResult } from './results.js'
import { buildRunner } from './runner.js'
import { bytesOf, encodeString } from './strings.js'

export interface SimulatorOptions {
  /** `checked` (default) and `counting` are one: it runs programs compiled as either; `fast` those compiled as `fast`. */
  readonly mode?: Mode
  /** Order of threadgroups, simdgroups and threads; 0 (default): ascending. */
  readonly seed?: number
  /** Whether races and uninitialized threadgroup memory are looked for. Default true. */
  readonly races?: boolean
  /** Whether results have counts. Default false. */
  readonly count?: boolean
  readonly profile?: boolean
  readonly maxReports?: number
  /** Branches that one thread may take in a dispatch; 0: no limit. */
  readonly stepLimit?: number
  readonly clang?: string
  readonly cacheDirectory?: string
  /** Called with a line for people before work that takes half a minute: building the runner, once for each clang and version. */
  readonly onProgress?: (message: string) => void
}

export interface RunOptions {
  readonly seed?: number
  /** Throw a SimulationError when something was found wrong. Default false: reports are in the result. */
  readonly throwOnReports?: boolean
}

/** Between dispatches of a graph: what follows sees what came before. */
export const barrier = 'barrier'

/** Runs kernels in a child process. Buffers are copied to it and back for each run. */
export interface Simulator extends AsyncDisposable {
  /** Loads a program, so that dispatches need not name it. */
  load(program: Program): Promise<void>
  run(dispatch: Dispatch & RunOptions): Promise<RunResult>
  /** Several dispatches: those without a `barrier` between them are concurrent, and race if they touch the same bytes. */
  runGraph(steps: readonly (Dispatch | typeof barrier)[], options?: RunOptions): Promise<RunResult>
  dispose(): Promise<void>
}

/** @throws ToolchainError without a clang that can build the runner. */
export const createSimulator = async (options: SimulatorOptions = {}): Promise<Simulator> => {
  const cache = options.cacheDirectory === undefined ? defaultCacheDirectory() : resolve(options.cacheDirectory)
  const mode = runnerMode(options.mode ?? 'checked')
  const path = await buildRunner(await findToolchain(options.clang), mode, cache, options.onProgress)
  const simulator = new RunnerSimulator(path, mode, options)
  await simulator.start()
  return simulator
}

class RunnerSimulator implements Simulator {
  #connection: Connection | null = null
  readonly #libraries = new Map<string, string>()
  #last: Program | null = null
  #count = 0
  #queue: Promise<unknown> = Promise.resolve()
  #disposed = false

  constructor(
    readonly path: string,
    readonly mode: 'checked' | 'fast',
    readonly options: SimulatorOptions,
  ) {}

  async start(): Promise<Connection> {
    const connection = new Connection(this.path)
    const greeting = await connection.greeting
    if (!greeting.startsWith('metal-sim 1 '))
      throw new SimulationError(`[simulator] expected a runner of protocol 1, got '${greeting}'.`)
    const { seed, races, count, profile, maxReports, stepLimit } = this.options
    for (const [name, value] of Object.entries({ seed, races, count, profile, maxReports, stepLimit }))
      if (value !== undefined) await connection.command(`option ${name} ${String(Number(value))}`)
    this.#libraries.clear()
    this.#connection = connection
    return connection
  }

  async load(program: Program): Promise<void> {
    await this.#inTurn((connection) => this.#library(connection, program))
    this.#last = program
  }

  run({ seed, throwOnReports, ...dispatch }: Dispatch & RunOptions): Promise<RunResult> {
    return this.runGraph([dispatch], {
      ...(seed === undefined ? {} : { seed }),
      ...(throwOnReports === undefined ? {} : { throwOnReports }),
    })
  }

  async runGraph(steps: readonly (Dispatch | typeof barrier)[], options: RunOptions = {}): Promise<RunResult> {
    const result = await this.#inTurn((connection) => this.#submit(connection, steps, options))
    if (options.throwOnReports === true && result.reports.length > 0)
      throw new SimulationError(`[simulator] ${result.reports.map(formatReport).join('\n')}`, result.reports)
    return result
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    await this.#queue.catch(() => undefined)
    await this.#connection?.close()
    this.#connection = null
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  // One request at a time; a runner that has died is started anew for the next.
  #inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#disposed)
      return Promise.reject(new SimulationError('[simulator] expected a live simulator, got a disposed one.'))
    const turn = this.#queue
      .catch(() => undefined)
      .then(async () => {
        const connection = this.#connection?.alive === true ? this.#connection : await this.start()
        return work(connection)
      })
    this.#queue = turn
    return turn
  }

  async #library(connection: Connection, program: Program): Promise<string> {
    const known = this.#libraries.get(program.path)
    if (known !== undefined) return known
    if (runnerMode(program.mode) !== this.mode)
      throw new SimulationError(
        `[simulator] expected a program for the ${this.mode} mode, got ${program.name} compiled as ${program.mode}.`,
      )
    const id = `l${String(this.#count++)}`
    await connection.command(`library ${id} ${encodeString(program.path)}`)
    this.#libraries.set(program.path, id)
    return id
  }

  async #submit(
    connection: Connection,
    steps: readonly (Dispatch | typeof barrier)[],
    options: RunOptions,
  ): Promise<RunResult> {
    const placed = new Map<ArrayBufferView, { id: string; offset: number }>()
    const views: ArrayBufferView[] = []
    const idOf = (view: ArrayBufferView): string => {
      const same = views.findIndex(
        (one) => one.buffer === view.buffer && one.byteOffset === view.byteOffset && one.byteLength === view.byteLength,
      )
      if (same >= 0) return `v${String(same)}`
      views.push(view)
      return `v${String(views.length - 1)}`
    }
    const lines = ['begin']
    for (const step of steps) {
      if (step === barrier) lines.push('barrier')
      else {
        const program = step.program ?? this.#last
        if (!program)
          throw new SimulationError(
            `[simulator] expected a program for '${step.kernel}', got none. Fix: load() one, or name it.`,
          )
        lines.push(dispatchLine(step, program, await this.#library(connection, program), idOf))
      }
    }
    lines.push('end')
    const file = await SharedFile.create()
    try {
      for (const [index, view] of views.entries()) {
        const offset = await file.add(bytesOf(view))
        await connection.command(
          `buffer v${String(index)} ${encodeString(file.path)} ${String(offset)} ${String(view.byteLength)} rw`,
        )
        placed.set(view, { id: `v${String(index)}`, offset })
      }
      if (options.seed !== undefined) await connection.command(`option seed ${String(options.seed)}`)
      const answer = await connection.request(lines, (line) => line === 'done' || line.startsWith('failed '))
      for (const [view, { offset }] of placed) await file.read(bytesOf(view), offset)
      return parseResults(answer)
    } finally {
      if (connection.alive) {
        for (const { id } of placed.values()) await connection.command(`release buffer ${id}`)
        if (options.seed !== undefined) await connection.command(`option seed ${String(this.options.seed ?? 0)}`)
      }
      await file.dispose()
    }
  }
}
