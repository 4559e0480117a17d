/** Workers that take tasks from one queue. */
import { PoolError, QuantizationError } from '../errors.js'
import type { Outcome, Reply, Task } from './protocol.js'
import { type Thread, type WorkerLike, startThread } from './thread.js'

/** A task of a job, with what is called when it is done. Making it is put off until a worker is free, so that copies are few. */
export interface Ticket {
  make(): { readonly task: Task; readonly moved: ArrayBuffer[] }
  onOutcome(outcome: Outcome): void
  onProgress?(done: number, total: number): void
  onError(error: Error): void
  /** True for a task that may take seconds: its worker gets no other, and is ended when the task is cancelled. */
  readonly long: boolean
  /** True when nobody waits any more: it is then skipped, and its outcome dropped. */
  cancelled(): boolean
}

/** Tasks given to a worker at a time: the next one waits there while the one before is done. */
const tasksAhead = 2

interface Slot {
  readonly thread: Thread
  readonly tickets: Map<number, Ticket>
}

export class Pool {
  readonly #size: number
  readonly #createWorker: (() => WorkerLike) | undefined
  readonly #slots = new Set<Slot>()
  #queue: Ticket[] = []
  #nextId = 0
  #ended: Promise<void> | undefined

  constructor(size: number, createWorker: (() => WorkerLike) | undefined) {
    this.#size = size
    this.#createWorker = createWorker
  }

  get disposed(): boolean {
    return this.#ended !== undefined
  }

  /** Queues tasks. */
  add(tickets: Iterable<Ticket>): void {
    for (const ticket of tickets) this.#queue.push(ticket)
    this.#assign()
  }

  /** Forgets cancelled tasks that wait, and ends workers in the middle of long ones; short ones run out. */
  dropCancelled(): void {
    this.#queue = this.#queue.filter((ticket) => !ticket.cancelled())
    for (const slot of this.#slots) this.#endIfIdle(slot)
    this.#assign()
  }

  dispose(): Promise<void> {
    this.#ended ??= this.#disposeOnce()
    return this.#ended
  }

  async #disposeOnce(): Promise<void> {
    const waiting = [...this.#queue, ...[...this.#slots].flatMap(({ tickets }) => [...tickets.values()])]
    this.#queue = []
    const ended = [...this.#slots].map((slot) => this.#end(slot))
    for (const ticket of waiting) {
      ticket.onError(
        new PoolError('[quantize] expected a pool in use, got one that was disposed meanwhile. Await the work first.'),
      )
    }
    await Promise.all(ended)
  }

  #assign(): void {
    while (this.#queue.length > 0) {
      const slot = this.#freeSlot()
      if (slot === undefined) return
      const ticket = this.#queue.shift()!
      if (!ticket.cancelled()) this.#give(slot, ticket)
    }
  }

  #give(slot: Slot, ticket: Ticket): void {
    const id = this.#nextId++
    slot.tickets.set(id, ticket)
    slot.thread.hold(true)
    try {
      const { task, moved } = ticket.make()
      slot.thread.post({ id, task }, moved)
    } catch (error) {
      this.#finish(slot, id)
      ticket.onError(error instanceof Error ? error : new PoolError(String(error)))
    }
  }

  /** The worker with the least to do that may take more; a new one before any waits behind another task. */
  #freeSlot(): Slot | undefined {
    let best: Slot | undefined
    for (const slot of this.#slots) {
      const full = [...slot.tickets.values()].some(({ long }) => long)
      if (!full && slot.tickets.size < (best?.tickets.size ?? tasksAhead)) best = slot
    }
    if ((best === undefined || best.tickets.size > 0) && this.#slots.size < this.#size) return this.#start() ?? best
    return best
  }

  #start(): Slot | undefined {
    const slot: { thread: Thread; tickets: Map<number, Ticket> } = { thread: undefined as never, tickets: new Map() }
    try {
      slot.thread = startThread(this.#createWorker, {
        onReply: (reply) => this.#onReply(slot, reply),
        onLoss: (cause) => this.#onLoss(slot, cause),
      })
    } catch (error) {
      if (this.#slots.size > 0) return undefined
      for (const ticket of this.#queue.splice(0)) ticket.onError(error as Error)
      return undefined
    }
    slot.thread.hold(false)
    this.#slots.add(slot)
    return slot
  }

  #onReply(slot: Slot, reply: Reply): void {
    const ticket = slot.tickets.get(reply.id)
    if (ticket === undefined) return
    if ('progress' in reply) {
      if (!ticket.cancelled()) ticket.onProgress?.(reply.progress.done, reply.progress.total)
      return
    }
    this.#finish(slot, reply.id)
    if (!ticket.cancelled()) {
      if ('outcome' in reply) ticket.onOutcome(reply.outcome)
      else ticket.onError(errorOf(reply.error))
    }
    this.#endIfIdle(slot)
    this.#assign()
  }

  #onLoss(slot: Slot, cause: string): void {
    if (!this.#slots.delete(slot)) return
    for (const ticket of slot.tickets.values()) {
      const fix = 'If memory ran out, use fewer threads or smaller tensors.'
      ticket.onError(new PoolError(`[quantize] expected the worker to finish, got ${cause}. ${fix}`))
    }
    slot.tickets.clear()
    void slot.thread.terminate()
    this.#assign()
  }

  #finish(slot: Slot, id: number): void {
    slot.tickets.delete(id)
    if (slot.tickets.size === 0) slot.thread.hold(false)
  }

  /** Ends a worker that has nothing to do but a long task for which nobody waits. */
  #endIfIdle(slot: Slot): void {
    const tickets = [...slot.tickets.values()]
    if (tickets.some(({ long }) => long) && tickets.every((ticket) => ticket.cancelled())) void this.#end(slot)
  }

  #end(slot: Slot): Promise<void> {
    this.#slots.delete(slot)
    slot.tickets.clear()
    return slot.thread.terminate()
  }
}

function errorOf({ name, message }: { name: string; message: string }): Error {
  return name === 'QuantizationError' ? new QuantizationError(message) : new PoolError(`[quantize] ${name}: ${message}`)
}
