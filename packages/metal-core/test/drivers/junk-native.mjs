// Calls the addon's functions with junk: node junk-native.mjs <addon> [runs]. Every call must return or throw an Error;
// the process must live. What fast-check finds is printed with the seed that finds it again.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { outDir } from './build.mjs'

const addon = createRequire(import.meta.url)(process.argv[2])
const runs = Number(process.argv[3] ?? 3000)

const path = `${outDir}/probe.so`
const device = addon.createDevice('cpu', 1, 16)
const gone = addon.createDevice('cpu', 1, 16)
const library = await addon.loadLibrary(device, 'shared', path, null, null)
const buffer = addon.createBuffer(device, 256, 'shared', null)
const foreign = addon.createBuffer(gone, 256, 'shared', null)
const kernel = addon.createKernel(library, 'append', [], new Float64Array())
const plain = addon.createKernel(library, 'cover', [], new Float64Array())
const graph = addon.createGraph(device)
addon.recordDispatch(graph, plain, Float64Array.of(1, 1, 1, 1, 1, 1, 0, 4), [buffer], null)
const disposedBuffer = addon.createBuffer(device, 16, 'private', null)
addon.disposeBuffer(disposedBuffer)
const disposedGraph = addon.createGraph(device)
addon.disposeGraph(disposedGraph)
const disposedLibrary = await addon.loadLibrary(device, 'shared', path, null, null)
const orphan = addon.createKernel(disposedLibrary, 'cover', [], new Float64Array())
addon.disposeLibrary(disposedLibrary)
addon.disposeDevice(gone)
const { submission, completed } = addon.submitGraph(graph, 1, null, 0, false)
await completed

const detached = new Uint8Array(8)
structuredClone(detached.buffer, { transfer: [detached.buffer] })
const resizable = new ArrayBuffer(16, { maxByteLength: 64 })
const shrunken = new Uint8Array(resizable, 8, 8)
resizable.resize(4)
const revoked = Proxy.revocable({}, {})
const revokedSentinel = Symbol('the revoked proxy') // fast-check itself would trip over the proxy
revoked.revoke()
const getters = [1]
Object.defineProperty(getters, 0, {
  get() {
    throw new RangeError('from a getter')
  },
})

const handles = [device, gone, library, buffer, foreign, kernel, plain, graph, disposedBuffer, disposedGraph]
handles.push(disposedLibrary, orphan, submission)
const oddities = [
  detached,
  shrunken,
  revokedSentinel,
  getters,
  new Proxy(buffer, {}),
  Object.create(buffer),
  structuredClone({}),
  new Uint8Array(new SharedArrayBuffer(8)),
  new DataView(new ArrayBuffer(8)),
  new Uint8Array(4),
  new Uint8Array(5000),
  new Float64Array(8),
  Float64Array.of(1, 1, 1, 1, 1, 1, 0, 4),
  Float64Array.of(NaN, -1, Infinity, 2 ** 53, 1e300, 0.5),
  Float64Array.of(2 ** 32, 1, 1, 1, 1, 1),
  addon.bufferContents(buffer),
  new Uint8Array(addon.bufferContents(buffer)),
  Symbol('x'),
  10n,
  () => 1,
  new Date(NaN),
  Object.freeze([]),
  new Array(5000),
  [buffer],
  [buffer, new Uint8Array(4)],
  [null, detached],
  ['cover'],
  'cpu',
  'metal',
  'shared',
  'private',
  path,
  '/tmp',
  '\0',
  'x'.repeat(1 << 16),
  '\ud800',
]
const numbers = [
  0,
  -0,
  1,
  -1,
  0.5,
  4,
  255,
  256,
  257,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 64,
  NaN,
  Infinity,
  -Infinity,
]
const value = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...handles) },
  { weight: 4, arbitrary: fc.constantFrom(...oddities) },
  { weight: 3, arbitrary: fc.constantFrom(...numbers) },
  { weight: 2, arbitrary: fc.constantFrom(true, false, null, undefined) },
  {
    weight: 1,
    arbitrary: fc.anything({ withTypedArray: true, withBigInt: true, withSparseArray: true, withNullPrototype: true }),
  },
)

// Functions that end what the others need are called with junk only in the places of their handles.
const ending = new Set(['disposeDevice', 'disposeBuffer', 'disposeLibrary', 'disposeGraph'])
const names = Object.keys(addon).filter((name) => typeof addon[name] === 'function')
assert.ok(names.length >= 20, `expected the functions of the addon, got ${names.join(', ')}`)

/** Arguments that come close to what a function takes, with some of them replaced: junk alone rarely passes the first check. */
const close = {
  createDevice: ['nope', 1, 1],
  deviceInfo: [device],
  createBuffer: [device, 8, 'shared', new Uint8Array(8)],
  mapFile: [device, path, 0, 16],
  bufferByteLength: [buffer],
  bufferContents: [buffer],
  readBuffer: [buffer, 0, 4],
  writeBuffer: [buffer, 0, new Uint8Array(4)],
  loadLibrary: [
    device,
    'shared',
    path,
    null,
    null,
    [
      {
        name: 'k',
        arguments: [{ name: 'a', access: 'read', alignment: 4, valueBytes: 0, optional: false }],
        constants: [{ name: 'c', defaultValue: 0, maxValue: 1 }],
        failures: ['expected less, got {0}'],
      },
    ],
  ],
  libraryInfo: [library],
  createKernel: [library, 'fail', ['message'], Float64Array.of(1)],
  kernelInfo: [kernel],
  createGraph: [device],
  recordDispatch: [
    addon.createGraph(device),
    kernel,
    Float64Array.of(1, 1, 1, 1, 1, 1, 0, 64, 0, 0),
    [buffer, new Uint8Array(4)],
    'x',
  ],
  graphStages: [graph],
  submitGraph: [graph, 1, buffer, 0, false],
  cancelSubmission: [submission],
}

const pending = new Set()
let calls = 0
let thrown = 0
function call(name, junk) {
  const args = junk.map((value) => (value === revokedSentinel ? revoked.proxy : value))
  if (ending.has(name) && handles.includes(args[0])) return
  if (name === 'createDevice' && typeof args[1] === 'number' && args[1] > 1) return // thousands of threads take their time
  // A folder of one's own is fine, but not a billion steps of it.
  if (name === 'submitGraph' && typeof args[1] === 'number' && args[1] > 1000 && args[1] <= 1e9) return
  calls++
  try {
    const result = addon[name](...args)
    const promise = name === 'submitGraph' ? result.completed : result
    if (promise instanceof Promise) {
      pending.add(promise)
      promise.then(
        () => pending.delete(promise),
        (error) => {
          pending.delete(promise)
          assert.ok(error instanceof Error)
        },
      )
    }
    if (name === 'createDevice') addon.disposeDevice(result)
  } catch (error) {
    thrown++
    assert.ok(error instanceof Error, `expected an Error of ${name}, got ${String(error)}`)
    assert.ok(error.message.length > 0)
  }
}

const anyCall = fc.tuple(fc.constantFrom(...names), fc.array(value, { maxLength: 6 }))
const closeCall = fc
  .tuple(fc.constantFrom(...Object.keys(close)), fc.array(fc.tuple(fc.nat(4), value), { maxLength: 2 }))
  .map(([name, changes]) => {
    const args = [...close[name]]
    for (const [i, junk] of changes) if (i < args.length) args[i] = junk
    return [name, args]
  })
await fc.assert(
  fc.asyncProperty(fc.oneof(anyCall, closeCall), async ([name, args]) => {
    try {
      call(name, args)
    } catch (error) {
      // fast-check cannot print every counterexample (views of detached memory).
      console.error(`${name}: ${error.message}`)
      throw error
    }
    if (pending.size >= 12) await Promise.allSettled(pending)
  }),
  { numRuns: runs },
)

// Getters that pull the rug from under the call that reads them.
for (let i = 0; i < 50; i++) {
  const [d, b] = [device, addon.createBuffer(device, 256, 'shared', null)]
  const g = addon.createGraph(d)
  const list = [null, new Uint8Array(4)]
  Object.defineProperty(list, 0, {
    get() {
      if (i % 2) addon.disposeBuffer(b)
      else addon.disposeGraph(g)
      return b
    },
  })
  call('recordDispatch', [g, kernel, Float64Array.of(1, 1, 1, 1, 1, 1, 0, 64, 0, 0), list, null])
}

await Promise.allSettled(pending)
// After all this, it still computes.
const log = addon.createBuffer(device, 16, 'shared', null)
const last = addon.createGraph(device)
addon.recordDispatch(
  last,
  kernel,
  Float64Array.of(1, 1, 1, 1, 1, 1, 0, 16, 0, 0),
  [log, Uint8Array.of(7, 0, 0, 0)],
  null,
)
await addon.submitGraph(last, 1, null, 0, false).completed
assert.deepEqual([...new Uint32Array(addon.bufferContents(log))], [1, 7, 0, 0])
addon.disposeDevice(device)
console.log(`junk-native: ${calls} calls, ${thrown} refused`)
