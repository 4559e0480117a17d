// Memory over many lives of objects: node --expose-gc cycles.mjs <addon> [cycles]. Prints the growth of the resident set over the second half, in
// bytes; what was freed only by the garbage collector, or not at all, shows there.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { bundle, outDir } from './paths.mjs'

const provider = createRequire(import.meta.url)(process.argv[2])
const cycles = Number(process.argv[3] ?? 10_000)
const { createDevice } = await import(bundle)
const path = `${outDir}/probe.so`
const mebibyte = 1 << 20

/** Creates a device and what a program makes of it, uses it once, and disposes it, in one of the ways to do so. */
async function live(i) {
  const device = await createDevice({ provider, backend: 'cpu', threads: 1 + (i % 2) })
  try {
    const library = await device.loadLibrary({ kind: 'shared', path })
    const buffer = device.createBuffer({ byteLength: mebibyte, storage: i % 2 ? 'shared' : 'private' })
    const out = device.allocate('uint32', 4)
    const graph = device.createGraph().dispatch(library.kernel('cover'), { grid: [4, 1, 1], buffers: [out] })
    await graph.submit().completed
    assert.equal(out[3], 1)
    if (i % 3 === 0) for (const one of [graph, buffer, library]) one.dispose()
    if (i % 3 === 1) for (const one of [library, buffer, graph]) one[Symbol.dispose]()
  } finally {
    device.dispose()
  }
}

/** Buffers, libraries and graphs of one device: a cycle without starting threads. */
async function liveOn(device) {
  const library = await device.loadLibrary({ kind: 'shared', path })
  const buffer = device.createBuffer({ byteLength: mebibyte })
  buffer.asUint32Array().fill(1)
  const graph = device
    .createGraph()
    .dispatch(library.kernel('cover'), { grid: [4, 1, 1], buffers: [buffer.view(0, 16)] })
  for (const one of [graph, buffer, library]) one.dispose()
}

async function resident() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await new Promise((done) => setImmediate(done))
  }
  return process.memoryUsage.rss()
}

async function growth(count, cycle) {
  for (let i = 0; i < count / 2; i++) await cycle(i)
  const before = await resident()
  for (let i = 0; i < count / 2; i++) await cycle(i)
  return (await resident()) - before
}

// dispose() frees at once: 256 buffers of 64 MiB, one after the other, without a turn of the event loop or the garbage collector.
const device = await createDevice({ provider, backend: 'cpu', threads: 1 })
const base = process.memoryUsage.rss()
for (let i = 0; i < 256; i++) {
  const buffer = device.createBuffer({ byteLength: 64 * mebibyte })
  const contents = buffer.asUint8Array()
  for (let at = 0; at < contents.length; at += 4096) contents[at] = 1
  buffer.dispose()
  assert.equal(contents.length, 0)
  const held = process.memoryUsage.rss() - base
  assert.ok(held < 128 * mebibyte, `expected a disposed buffer to be freed, got ${held} bytes more after ${i + 1}`)
}

const objects = await growth(cycles, () => liveOn(device))
device.dispose()
const devices = await growth(cycles, live)
if (process.platform === 'linux') {
  const threads = readdirSync('/proc/self/task').length
  assert.ok(threads < 32, `expected the threads of disposed devices to be gone, got ${threads}`)
}
console.log(JSON.stringify({ cycles, objects, devices }))
