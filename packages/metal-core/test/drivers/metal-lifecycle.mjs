// Ends of a process and of workers while a GPU works: node metal-lifecycle.mjs '{"addon","driver","source","kernels"}' <case>.
// Prints 'ok'; the parent looks at the exit code.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { bundle } from './paths.mjs'

const [config, name] = isMainThread ? [JSON.parse(process.argv[2]), process.argv[3]] : workerData
const provider = createRequire(import.meta.url)(config.addon)
if (isMainThread && config.driver) provider.softwareMetal.configure(config.driver, 'checked', 0, [])
const { createDevice } = await import(bundle)

async function open() {
  const device = await createDevice({ provider, backend: 'metal' })
  const library = await device.loadLibrary({ kind: 'metal', source: config.source, kernels: config.kernels })
  return { device, library }
}

function spin(device, library, steps) {
  const state = device.createBuffer({ byteLength: 4 })
  const kernel = library.kernel('spin')
  const graph = device.createGraph().dispatch(kernel, { grid: [1, 1, 1], buffers: [state, Uint32Array.of(1000)] })
  return graph.submit({ steps }).completed
}

function start(name) {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: [config, name] })
  const message = new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  return { worker, message }
}

async function useAndForget(dispose) {
  const { device, library } = await open()
  await spin(device, library, 20)
  device.createBuffer({ byteLength: 1 << 21 }).contents()
  library.kernel('cover')
  if (dispose) device.dispose()
}

const cases = {
  /** The process ends though the device was not disposed: nothing is pending. */
  async idle() {
    const { device, library } = await open()
    await spin(device, library, 3)
  },
  /** process.exit while the GPU works. */
  async exit() {
    const { device, library } = await open()
    void spin(device, library, 1e9)
    void spin(device, library, 1)
    await new Promise((done) => setTimeout(done, 20))
    console.log('ok')
    process.exit(0)
  },
  /** Everything is collected, in any order, also after the device was disposed. */
  async collect() {
    await useAndForget(true)
    await useAndForget(false)
    for (let i = 0; i < 20; i++) {
      globalThis.gc()
      await new Promise((done) => setTimeout(done, 10))
    }
    if (config.driver) assert.deepEqual(provider.softwareMetal.liveObjects(), {})
  },
  /** Devices of several threads at once. */
  async workers() {
    const workers = [1, 2].map(() => start('in-worker'))
    for (const { message } of workers) assert.equal(await message, 3)
    await cases.idle()
  },
  /** A worker that is terminated while its submissions run, and while its library compiles. */
  async terminate() {
    for (const delay of [0, 0, 30]) {
      const { worker, message } = start('in-worker-busy')
      assert.equal(await message, 'busy')
      await new Promise((done) => setTimeout(done, delay))
      await worker.terminate()
    }
    await cases.idle()
  },
  async 'in-worker'() {
    const { device, library } = await open()
    parentPort.postMessage((await spin(device, library, 3)).steps)
  },
  async 'in-worker-busy'() {
    const { device, library } = await open()
    for (let i = 0; i < 5; i++) void spin(device, library, 1e9)
    void device.createBuffer({ data: new Uint8Array(1 << 22), storage: 'private' }).read()
    void device.loadLibrary({ kind: 'metal', source: `${config.source}\n// again` })
    parentPort.postMessage('busy')
  },
}

await cases[name]()
if (isMainThread) console.log('ok')
