/** The graphs of a model, recorded when first needed: passes over rows of a prompt, and the step that makes a token. */
import { advanceStep, countToken, penalizeLogits, record, sampleToken } from '@metal-fp4/kernels'
import type { CommandGraph, Device, DeviceBuffer } from '@metal-fp4/metal-core'
import { Buffers } from './buffers.js'
import { Penalties } from './penalties.js'
import { settingsWords } from './sampler-settings.js'
import { type PassParts, recordPass, splitLength } from './record-pass.js'
import { scratchBytesOf } from './scratch.js'
import { type Workspace, createWorkspace, mostDecodeRows } from './workspace.js'

/** Rows of the largest pass over a prompt. */
export const chunkRows = 128

/** Tokens that the host may be behind; more than bounded depth ever lets it be. */
export const ringSize = 256

/** Graphs of passes that are kept: prompts end with chunks of any size. */
const keptPasses = 16

/** What the step reads and writes besides a workspace of one row. */
export interface StepState {
  /** uint32: done, produced, limit. */
  readonly state: DeviceBuffer
  /** uint32 [ringSize]: the tokens made, for the host. */
  readonly ring: DeviceBuffer
  /** The words of `sample_token`'s settings. */
  readonly settings: DeviceBuffer
  /** uint32: tokens that end a text; padded with one that does not exist. */
  readonly endTokens: DeviceBuffer
}

/** Holds the graphs, the activations that they share, and the state of the step. */
export class Passes {
  readonly step: StepState
  /** One row: the token and position of the step. */
  readonly row: Workspace
  readonly #parts: PassParts
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #endTokenCount: number
  readonly #most: number
  #rows: Workspace | undefined
  #penalties: Penalties | undefined
  readonly #steps = new Map<string, CommandGraph>()
  readonly #passes = new Map<string, CommandGraph>()

  constructor(device: Device, parts: PassParts, endTokenCount: number) {
    this.#device = device
    this.#parts = parts
    this.#endTokenCount = Math.max(1, endTokenCount)
    this.#most = Math.ceil(parts.pool.capacity / splitLength)
    this.#buffers = new Buffers(device)
    const words = (count: number, label: string, storage?: 'shared'): DeviceBuffer =>
      this.#buffers.make(count * 4, label, storage)
    const made = this.#buffers.build(() => ({
      step: {
        // The host looks at these while other steps are queued; all else it writes in turn, wherever it is.
        state: words(3, 'state', 'shared'),
        ring: words(ringSize, 'ring', 'shared'),
        settings: words(settingsWords, 'settings'),
        endTokens: words(this.#endTokenCount, 'endTokens'),
      },
      row: this.#workspace(1),
    }))
    this.step = made.step
    this.row = made.row
  }

  /** Activations of up to `chunkRows` rows, made when the first prompt comes. */
  get rows(): Workspace {
    return (this.#rows ??= this.#workspace(chunkRows))
  }

  /** What a step with penalties counts in, made when one is first asked for. */
  get penalties(): Penalties {
    return (this.#penalties ??= new Penalties(this.#device, this.#parts.spec.vocabSize, this.#parts.pool.capacity))
  }

  /** The step that reads a token, chooses the next and moves on, for positions below `positions`. */
  stepFor(positions: number, penalized: boolean): CommandGraph {
    const splits = this.#bucket(positions)
    return remember(this.#steps, `${splits}/${penalized}`, () =>
      this.#record((graph) => this.#recordStep(graph, splits, penalized)),
    )
  }

  /** A pass over `m` rows at positions below `positions`. */
  passFor(m: number, positions: number, logits: boolean): CommandGraph {
    // Larger passes take their attention in one go, whatever the context.
    const splits = m <= mostDecodeRows ? this.#bucket(positions) : this.#most
    const graph = remember(this.#passes, `${m}/${splits}/${logits}`, () =>
      this.#record((made) => recordPass(made, this.#parts, this.rows, { m, splits, logits })),
    )
    for (const [key, oldest] of this.#passes) {
      if (this.#passes.size <= keptPasses) break
      oldest.dispose()
      this.#passes.delete(key)
    }
    return graph
  }

  dispose(): void {
    for (const graph of [...this.#steps.values(), ...this.#passes.values()]) graph.dispose()
    this.#buffers.dispose()
    this.row.dispose()
    this.#rows?.dispose()
    this.#penalties?.dispose()
  }

  #workspace(capacity: number): Workspace {
    const scratchBytes = scratchBytesOf(this.#parts, capacity)
    return createWorkspace(this.#device, this.#parts.spec, { capacity, splits: this.#most, scratchBytes })
  }

  /** Splits for a context, in powers of two: a graph is recorded anew only when the context doubles. */
  #bucket(positions: number): number {
    return Math.min(2 ** Math.ceil(Math.log2(Math.ceil(positions / splitLength))), this.#most)
  }

  #record(into: (graph: CommandGraph) => void): CommandGraph {
    const graph = this.#device.createGraph()
    try {
      into(graph)
      return graph
    } catch (error) {
      graph.dispose()
      throw error
    }
  }

  #recordStep(graph: CommandGraph, splits: number, penalized: boolean): void {
    const { library, spec, pool } = this.#parts
    const { tokens, positions } = this.row
    const { state, ring, settings, endTokens } = this.step
    recordPass(graph, this.#parts, this.row, { m: 1, splits, logits: true })
    const logits = penalized ? this.#recordPenalties(graph) : this.row.logits()
    const sample = { logits, positions, settings, tokens }
    record(graph, library, sampleToken, { problem: { m: 1, n: spec.vocabSize }, args: sample })
    record(graph, library, advanceStep, {
      problem: { ringSize, endTokenCount: this.#endTokenCount, maxPositions: pool.capacity },
      args: { token: tokens, position: positions, state, endTokens, ring },
    })
  }

  /** Counts the step's token, and gives the logits less their penalties: the model's own stay as they are. */
  #recordPenalties(graph: CommandGraph): DeviceBuffer {
    const { library, spec, pool } = this.#parts
    const { history, seen, made, settings, logits: out } = this.penalties
    const { tokens: token, positions: position } = this.row
    const n = spec.vocabSize
    record(graph, library, countToken, {
      problem: { n, maxPositions: pool.capacity },
      args: { token, position, settings, history, seen, made },
    })
    record(graph, library, penalizeLogits, {
      problem: { n },
      args: { logits: this.row.logits(), seen, made, settings, out },
    })
    return out
  }
}

/** The entry of a key, made when absent, and moved to the end of the map: the first one is the least recently used. */
function remember<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make()
  map.delete(key)
  map.set(key, value)
  return value
}
