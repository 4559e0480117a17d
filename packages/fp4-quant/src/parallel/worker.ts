/** The script of a worker: a web worker in browsers, a worker thread in Node. */
import { nodeModule } from './node.js'
import type { Reply, Request } from './protocol.js'
import { serve } from './work.js'

interface MessageScope {
  onmessage: (event: { data: Request }) => void
  postMessage(reply: Reply, moved: ArrayBuffer[]): void
}

const { parentPort } = nodeModule('node:worker_threads') ?? {}
if (parentPort) {
  parentPort.on('message', (request) =>
    serve(request as Request, (reply, moved) => parentPort.postMessage(reply, moved)),
  )
} else {
  const scope = globalThis as unknown as MessageScope
  scope.onmessage = ({ data }) => serve(data, (reply, moved) => scope.postMessage(reply, moved))
}
