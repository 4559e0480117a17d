/** A worker of either kind behind one interface. */
import { workerCode } from '../../build/generated/worker-code.js'
import { PoolError } from '../errors.js'
import { nodeModule } from './node.js'
import type { Reply, Request } from './protocol.js'

export interface Thread {
  post(request: Request, moved: ArrayBuffer[]): void
  /** Ends it at once, in the middle of what it does. */
  terminate(): Promise<void>
  /** Whether it keeps the process alive. */
  hold(alive: boolean): void
}

/** A web worker, as far as it is used; its type is not in every runtime's library. */
export interface WorkerLike {
  onmessage: ((event: never) => unknown) | null
  onmessageerror: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
  postMessage(message: unknown, moved: ArrayBuffer[]): void
  terminate(): void
}

export interface ThreadEvents {
  onReply(reply: Reply): void
  /** It failed to start, ran out of memory, or ended by itself. */
  onLoss(cause: string): void
}

/** Starts a worker. @throws PoolError when the runtime has none. */
export function startThread(createWorker: (() => WorkerLike) | undefined, events: ThreadEvents): Thread {
  const node = createWorker === undefined ? nodeModule('node:worker_threads') : undefined
  return node === undefined ? startWebWorker(createWorker ?? inlineWorker, events) : startNodeWorker(node, events)
}

function startNodeWorker(
  node: NonNullable<ReturnType<typeof nodeModule<'node:worker_threads'>>>,
  events: ThreadEvents,
): Thread {
  // Without the flags of the parent: loaders of test runners and the like are not for this script.
  const worker = new node.Worker(workerCode, { eval: true, execArgv: [], name: 'fp4-quant' })
  worker.on('message', (reply) => events.onReply(reply as Reply))
  worker.on('error', (error) => events.onLoss(error instanceof Error ? error.message : String(error)))
  worker.on('exit', (status) => events.onLoss(`it ended with status ${String(status)}`))
  return {
    post: (request, moved) => worker.postMessage(request, moved),
    terminate: async () => {
      await worker.terminate()
    },
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
  }
}

function startWebWorker(create: () => WorkerLike, events: ThreadEvents): Thread {
  let worker: WorkerLike
  try {
    worker = create()
  } catch (error) {
    throw new PoolError(`[createQuantizer] expected a worker to start, got ${String(error)}. ${workerFix}`)
  }
  worker.onmessage = ({ data }: { data: Reply }) => events.onReply(data)
  worker.onmessageerror = () => events.onLoss('a message could not be read')
  worker.onerror = ({ message }: { message?: string }) =>
    events.onLoss(message || `its script did not load. ${workerFix}`)
  return {
    post: (request, moved) => worker.postMessage(request, moved),
    terminate: () => {
      worker.terminate()
      return Promise.resolve()
    },
    hold: () => undefined,
  }
}

const workerFix =
  "Where a page's policy forbids blob: workers, pass createWorker; the script is '@metal-fp4/fp4-quant/worker'."

function inlineWorker(): WorkerLike {
  const { Worker } = globalThis as { Worker?: new (url: string, options: { name: string }) => WorkerLike }
  if (Worker === undefined) throw new Error('a runtime without Worker')
  const url = URL.createObjectURL(new Blob([workerCode], { type: 'text/javascript' }))
  // Later, when it has certainly been fetched.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
  return new Worker(url, { name: 'fp4-quant' })
}
