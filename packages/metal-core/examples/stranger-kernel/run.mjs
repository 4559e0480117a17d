// Runs the kernels of stranger.c; see README.md for how to build it.
import { fileURLToPath } from 'node:url'
import { createDevice } from '@metal-fp4/metal-core'

const device = await createDevice({ backend: 'cpu' })
const library = await device.loadLibrary({
  kind: 'shared',
  path: fileURLToPath(new URL('stranger.so', import.meta.url)),
})
console.log(`${device.info.name}: ${library.kernels.join(', ')} (${library.isa})`)

const n = 1_000_000
const x = Float32Array.from({ length: n }, (_, i) => i / n)
const y = new Float32Array(n).fill(1)
const parameters = new DataView(new ArrayBuffer(8)) // struct { float a; uint32_t n; }
parameters.setFloat32(0, 2, true)
parameters.setUint32(4, n, true)
const { durationNs } = await library.dispatch('saxpy', { grid: [64, 1, 1], buffers: [parameters, x, y] })
console.log(`saxpy: y[n / 2] = ${y[n / 2]}, ${(durationNs / 1e3).toFixed(0)} us`)

const partial = new Float32Array(64)
await library.dispatch('sum', { grid: [64, 1, 1], buffers: [Uint32Array.of(n), y, partial] })
console.log(`sum: ${partial.reduce((a, b) => a + b)}`)
device.dispose()
