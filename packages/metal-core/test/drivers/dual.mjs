// One process with two copies of the package, an ES module and CommonJS, as when an application requires it and a dependency imports it: what
// one made works in the other. node dual.mjs <addon>
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { bundle, commonJsBundle, outDir } from './paths.mjs'

const require = createRequire(import.meta.url)
const provider = require(process.argv[2])
const esm = await import(bundle)
const cjs = require(commonJsBundle)
assert.notEqual(esm.createDevice, cjs.createDevice)
assert.notEqual(esm.Device, cjs.Device)

/** Everything that takes an object of the package, given one of the other copy. */
async function use(mine, theirs) {
  const device = await mine.createDevice({ provider, backend: 'cpu', threads: 1 })
  const other = await theirs.createDevice({ provider, backend: 'cpu', threads: 1 })
  const library = await device.loadLibrary({ kind: 'shared', path: `${outDir}/probe.so` })
  const foreign = await other.loadLibrary({ kind: 'shared', path: `${outDir}/probe.so` })
  const out = device.allocate('uint32', 4)

  const graph = device.createGraph().dispatch(library.kernel('cover'), { grid: [4, 1, 1], buffers: [out] })
  await graph.submit().completed
  assert.deepEqual([...out], [1, 1, 1, 1])

  // A kernel that was looked up through a library of the other copy, on the same processor.
  const theirOut = other.createBuffer({ byteLength: 16 })
  const mixed = other.createGraph().dispatch(foreign.kernel('cover'), { grid: [4, 1, 1], buffers: [theirOut] })
  await mixed.submit().completed
  assert.deepEqual([...theirOut.asUint32Array()], [1, 1, 1, 1])

  // Buffers of another device are refused whatever copy made them, with an error of one's own copy and a code of both.
  assert.throws(
    () => device.createGraph().dispatch(library.kernel('cover'), { grid: [4, 1, 1], buffers: [theirOut] }),
    (error) => error instanceof mine.ArgumentError && error.code === 'ERR_METAL_CORE_ARGUMENT',
  )
  other.dispose()
  device.dispose()
}

await use(esm, cjs)
await use(cjs, esm)

/** A helper package that was built against the one copy, handed a device, library and buffers of the other. */
async function helper(copy, { device, library, buffer }) {
  await device.dispatch(library, 'cover', { grid: [4, 1, 1], buffers: [buffer] })
  await library.dispatch('cover', { grid: [4, 1, 1], buffers: [buffer.view(0, 16)] })
  const kernel = library.kernel('cover')
  const graph = new copy.CommandGraph({
    provider,
    handle: provider.createGraph(provider.createDevice('cpu', 1, 4)),
    label: undefined,
    bufferOf: () => undefined,
  })
  assert.throws(() => graph.dispatch(kernel, { grid: [4, 1, 1], buffers: [buffer] }), {
    code: 'ERR_METAL_CORE_ARGUMENT',
  })
  return [...buffer.asUint32Array()]
}
for (const [mine, theirs] of [
  [esm, cjs],
  [cjs, esm],
]) {
  const device = await mine.createDevice({ provider, backend: 'cpu', threads: 1 })
  const library = await device.loadLibrary({ kind: 'shared', path: `${outDir}/probe.so` })
  const buffer = device.createBuffer({ byteLength: 16 })
  assert.deepEqual(await helper(theirs, { device, library, buffer }), [2, 2, 2, 2])
  device.dispose()
}
console.log('ok')
