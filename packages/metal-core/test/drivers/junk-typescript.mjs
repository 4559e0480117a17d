// Calls the TypeScript interface with junk: node junk-typescript.mjs <addon> [runs]. Every call must return, throw or
// reject with an Error; the process must live.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { bundle, outDir } from './build.mjs'

const provider = createRequire(import.meta.url)(process.argv[2])
const runs = Number(process.argv[3] ?? 2000)
const { createDevice, MetalCoreError } = await import(bundle)

const device = await createDevice({ provider, backend: 'cpu', threads: 1 })
const other = await createDevice({ provider, backend: 'cpu', threads: 1 })
const gone = await createDevice({ provider, backend: 'cpu', threads: 1 })
const path = `${outDir}/probe.so`
const library = await device.loadLibrary({ kind: 'shared', path })
const buffer = device.createBuffer({ byteLength: 256 })
const foreign = other.createBuffer({ byteLength: 256 })
const disposed = device.createBuffer({ byteLength: 256 })
disposed.dispose()
const lost = gone.createBuffer({ byteLength: 256 })
gone.dispose()
const allocated = device.allocate('uint32', 16)
const detached = new Uint8Array(8)
structuredClone(detached.buffer, { transfer: [detached.buffer] })
const resizable = new ArrayBuffer(16, { maxByteLength: 64 })
const tracking = new Uint8Array(resizable)
const shrunken = new Uint8Array(resizable, 8, 8)
resizable.resize(4)
const kernel = library.kernel('append')

const bindings = [
  buffer,
  foreign,
  disposed,
  lost,
  allocated,
  detached,
  shrunken,
  tracking,
  buffer.view(0, 64),
  buffer.view(4),
  { buffer, offset: 0, byteLength: 1e9 },
  { buffer: foreign, offset: 0, byteLength: 4 },
  { buffer: {}, offset: 0, byteLength: 4 },
  { buffer, offset: NaN, byteLength: {} },
  new Uint32Array(1),
  new Uint8Array(64),
  new Uint8Array(0),
  new Float64Array(9),
  new DataView(new ArrayBuffer(16), 3, 4),
  new Uint8Array(new SharedArrayBuffer(64)),
  null,
  undefined,
]
const junk = fc.oneof(
  fc.constantFrom(
    ...bindings,
    device,
    library,
    kernel,
    path,
    'cover',
    0,
    -1,
    1,
    64,
    0.5,
    NaN,
    2 ** 53,
    Infinity,
    true,
    5n,
    Symbol('x'),
  ),
  fc.anything({ withTypedArray: true, withBigInt: true }),
)
const size = fc.oneof(
  fc.constantFrom(
    [1, 1, 1],
    [4, 1, 1],
    [0, 1, 1],
    [1, 1],
    [2 ** 32, 1, 1],
    [1.5, 1, 1],
    [2 ** 31, 2 ** 31, 2 ** 31],
    [1, NaN, 1],
  ),
  junk,
)
const spec = fc.record(
  {
    grid: fc.oneof({ weight: 3, arbitrary: fc.constant([1, 1, 1]) }, size),
    threadgroup: size,
    buffers: fc.oneof(
      {
        weight: 5,
        arbitrary: fc.array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...bindings) }, junk), { maxLength: 3 }),
      },
      junk,
    ),
    constants: fc.oneof(fc.constantFrom({}, { message: 1 }, { message: -1 }, { message: 2 ** 32 }, { nope: 1 }), junk),
    wait: fc.oneof(fc.boolean(), junk),
    label: fc.oneof(fc.string(), junk),
  },
  { requiredKeys: ['grid', 'buffers'] },
)
const names = fc.oneof(
  fc.constantFrom(...library.kernels.filter((name) => name !== 'sleep' && name !== 'scratch')),
  junk,
)

const actions = [
  fc.tuple(names, spec).map(
    ([name, spec]) =>
      () =>
        library.dispatch(name, spec),
  ),
  fc.tuple(junk, names, spec).map(
    ([library, name, spec]) =>
      () =>
        device.dispatch(library, name, spec),
  ),
  fc.tuple(names, spec).map(
    ([name, spec]) =>
      () =>
        other.dispatch(library, name, spec),
  ),
  fc.tuple(fc.oneof(fc.constantFrom(...library.kernels.map((name) => library.kernel(name))), junk), spec).map(
    ([kernel, spec]) =>
      () =>
        device.createGraph().dispatch(kernel, spec).submit({ steps: 2 }).completed,
  ),
  fc.tuple(junk, junk, junk, junk).map(([steps, done, profile, signal]) => () => {
    if (typeof steps === 'number' && steps > 1000) return
    const graph = device.createGraph().dispatch(kernel, { grid: [1, 1, 1], buffers: [buffer, new Uint32Array(1)] })
    return graph.submit({ steps, done, profile, signal }).completed
  }),
  fc.tuple(junk, junk, junk, junk).map(([byteLength, data, storage, label]) => () => {
    // What the machine can give is given; that is not looked for here.
    if (typeof byteLength === 'number' && byteLength > 1e6) byteLength = 2 ** 52
    device.createBuffer({ byteLength, data, storage, label }).dispose()
  }),
  junk.map((data) => () => device.createBuffer({ data })),
  junk.map((data) => () => device.upload(data)),
  fc.tuple(junk, junk).map(
    ([type, length]) =>
      () =>
        device.allocate(type, length),
  ),
  fc.tuple(junk, junk, junk).map(
    ([path, offset, byteLength]) =>
      () =>
        device.mapFile(path, { offset, byteLength }),
  ),
  junk.map((source) => () => device.loadLibrary(source)),
  fc.tuple(junk, junk).map(
    ([kind, path]) =>
      () =>
        device.loadLibrary({ kind, path, source: path }),
  ),
  fc.tuple(junk, junk).map(
    ([offset, length]) =>
      () =>
        buffer.read(offset, length),
  ),
  fc.tuple(junk, junk).map(
    ([data, offset]) =>
      () =>
        buffer.write(data, offset),
  ),
  fc.tuple(junk, junk).map(
    ([offset, length]) =>
      () =>
        buffer.view(offset, length),
  ),
  junk.map((options) => () => createDevice(options).then((device) => device.dispose())),
  fc.tuple(junk, junk).map(
    ([name, constants]) =>
      () =>
        library.kernel(name, constants),
  ),
]

let refused = 0
await fc.assert(
  fc.asyncProperty(fc.oneof(...actions), async (action) => {
    try {
      const result = await action()
      await result?.completed
    } catch (error) {
      refused++
      assert.ok(error instanceof Error, `expected an Error, got ${String(error)}`)
      // Getters and conversions of junk may throw what they like; our own errors are of our classes.
      if (error.message.startsWith('[')) assert.ok(error instanceof MetalCoreError, error.stack)
    }
  }),
  { numRuns: runs },
)
assert.ok(refused > runs / 10, `expected junk to be refused, got ${refused} of ${runs}`)
const out = new Uint32Array(4)
await library.dispatch('cover', { grid: [4, 1, 1], buffers: [out] })
assert.deepEqual([...out], [1, 1, 1, 1])
device.dispose()
other.dispose()
console.log(`junk-typescript: ${runs} calls, ${refused} refused`)
