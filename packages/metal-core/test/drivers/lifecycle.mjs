// Beginnings and ends: node --expose-gc lifecycle.mjs <addon> <case>. Prints 'ok'; the parent looks at the exit code.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { bundle, outDir } from './paths.mjs'

const [addon, name] = isMainThread ? process.argv.slice(2) : workerData
const provider = createRequire(import.meta.url)(addon)
const { createDevice } = await import(bundle)

async function open() {
  const device = await createDevice({ provider, backend: 'cpu' })
  return { device, probe: await device.loadLibrary({ kind: 'shared', path: `${outDir}/probe.so` }) }
}

function sleep(device, probe, ms, steps = 1) {
  const graph = device.createGraph().dispatch(probe.kernel('sleep'), { grid: [1, 1, 1], buffers: [Uint32Array.of(ms)] })
  return graph.submit({ steps }).completed
}

async function collect() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc()
    await new Promise((done) => setTimeout(done, 5))
  }
}

async function worker(name) {
  const started = new Worker(fileURLToPath(import.meta.url), { workerData: [addon, name] })
  const message = await new Promise((resolve, reject) => {
    started.once('message', resolve)
    started.once('error', reject)
    started.once('exit', resolve)
  })
  return { worker: started, message }
}

/** Starts a worker 30 times and terminates it at different moments of what it does over and over. */
async function terminateOften(name) {
  for (let i = 0; i < 30; i++) {
    const { worker: started, message } = await worker(name)
    assert.equal(message, 'busy')
    await new Promise((done) => setTimeout(done, i % 10))
    await started.terminate()
  }
}

const cases = {
  /** The process ends though the device was not disposed: nothing is pending. */
  async idle() {
    const { probe } = await open()
    await probe.dispatch('cover', { grid: [1, 1, 1], buffers: [new Uint32Array(1)] })
  },
  /** Pending work keeps the process alive. */
  async pending() {
    const { device, probe } = await open()
    process.exitCode = 1
    void sleep(device, probe, 50).then(() => {
      process.exitCode = 0
    })
  },
  /** process.exit while kernels run. */
  async exit() {
    const { device, probe } = await open()
    void sleep(device, probe, 5, 100_000)
    void sleep(device, probe, 5)
    await new Promise((done) => setTimeout(done, 20))
    console.log('ok')
    process.exit(0)
  },
  /** Everything is collected, in any order, while views live on. */
  async collect() {
    let view
    let completed
    {
      const { device, probe } = await open()
      view = device.allocate('float32', 1000)
      device.createBuffer({ byteLength: 1 << 20 }).contents()
      device.upload(new Uint8Array(100))
      completed = sleep(device, probe, 30)
    }
    await collect()
    view.fill(3)
    await completed // the device lives as long as its work
    await collect()
    assert.equal(view[999], 3)
    view = undefined
    await collect()
  },
  /** Typed arrays are looked up after their DeviceBuffer was collected, were it not for the ArrayBuffer that keeps it. */
  async lookup() {
    const { device, probe } = await open()
    const view = device.allocate('uint32', 4)
    await collect()
    await probe.dispatch('cover', { grid: [4, 1, 1], buffers: [view] })
    assert.deepEqual([...view], [1, 1, 1, 1])
    assert.ok(device.bufferOf(view))
  },
  /** Devices made and dropped without dispose do not pile up threads. */
  async dropped() {
    for (let i = 0; i < 50; i++) await createDevice({ provider, backend: 'cpu' })
    await collect()
    const { readdirSync } = await import('node:fs')
    if (process.platform === 'linux') assert.ok(readdirSync('/proc/self/task').length < 40)
  },
  /** Several workers, each with a device, at once. */
  async workers() {
    const ended = await Promise.all([1, 2, 3].map(() => worker('in-worker')))
    for (const { message } of ended) assert.deepEqual(message, [1, 1, 1, 1])
    await cases.idle()
  },
  /** A worker that is terminated while its kernels run. */
  async terminate() {
    for (let i = 0; i < 3; i++) {
      const { worker: started, message } = await worker('in-worker-busy')
      assert.equal(message, 'busy')
      await new Promise((done) => setTimeout(done, 10 * i))
      await started.terminate()
    }
    await cases.idle()
  },
  /** Workers that are terminated while promises are settled. */
  async 'terminate-settling'() {
    await terminateOften('in-worker-settling')
  },
  /** Workers that are terminated inside calls, of which some throw. */
  async 'terminate-calling'() {
    await terminateOften('in-worker-calling')
  },
  /** Device memory posted to a worker is copied, never shared behind the device's back. */
  async post() {
    const { device } = await open()
    const buffer = device.createBuffer({ byteLength: 16 })
    const contents = buffer.contents()
    const { port1, port2 } = new MessageChannel()
    const received = new Promise((resolve) => {
      port2.onmessage = ({ data }) => resolve(data)
    })
    try {
      port1.postMessage(contents, [contents])
      const copy = await received
      device.dispose()
      new Uint8Array(copy).fill(1)
    } catch (error) {
      assert.equal(error.name, 'DataCloneError')
    }
    if (typeof contents.transfer === 'function' && contents.byteLength > 0) {
      try {
        const moved = contents.transfer()
        device.dispose()
        new Uint8Array(moved).fill(1)
      } catch (error) {
        assert.ok(error instanceof Error)
      }
    }
    port1.close()
    device.dispose()
    await collect()
  },
  async 'in-worker'() {
    const { parentPort } = await import('node:worker_threads')
    const { device, probe } = await open()
    const out = new Uint32Array(4)
    await probe.dispatch('cover', { grid: [4, 1, 1], buffers: [out] })
    void sleep(device, probe, 1, 5)
    parentPort.postMessage([...out])
  },
  async 'in-worker-busy'() {
    const { parentPort } = await import('node:worker_threads')
    const { device, probe } = await open()
    device.createBuffer({ byteLength: 1 << 20 }).contents()
    for (let i = 0; i < 10; i++) void sleep(device, probe, 1, 100_000)
    parentPort.postMessage('busy')
  },
  async 'in-worker-settling'() {
    const { parentPort } = await import('node:worker_threads')
    const device = await createDevice({ provider, backend: 'cpu', threads: 1 })
    const buffer = device.createBuffer({ byteLength: 64, storage: 'private' })
    parentPort.postMessage('busy')
    for (;;) await buffer.read()
  },
  async 'in-worker-calling'() {
    const { parentPort } = await import('node:worker_threads')
    const device = await createDevice({ provider, backend: 'cpu', threads: 1 })
    parentPort.postMessage('busy')
    await new Promise((done) => setImmediate(done))
    for (;;) {
      const buffer = device.createBuffer({ byteLength: 64 })
      buffer.contents()
      assert.throws(() => device.mapFile('/nonexistent'))
      buffer.dispose()
    }
  },
}

export const names = Object.keys(cases).filter((name) => !name.startsWith('in-worker'))
await cases[name]()
if (isMainThread) console.log('ok')
