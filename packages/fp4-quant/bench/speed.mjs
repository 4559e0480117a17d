// Million weights a second on one thread: `node bench/speed.mjs` after a build; `--typescript` does without WebAssembly, `--json` prints
// every sample.
// 4096 x 4096 values; the time is the process's CPU time, median (and best) of seven runs that take turns with each other.
import { cpus, loadavg } from 'node:os'

if (process.argv.includes('--typescript')) globalThis.WebAssembly = undefined
const { bitsPerWeight, dequantize, quantize } = await import('../dist/index.js')

const n = 4096
const k = 4096
const runs = 7

const values = new Float32Array(n * k)
let state = 1
for (let i = 0; i < values.length; i++) {
  // A sum of four uniform numbers: close enough to a normal distribution for timing.
  let sum = 0
  for (let j = 0; j < 4; j++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    sum += state / 2 ** 31
  }
  values[i] = sum * 0.02
}
const float32 = new Uint32Array(values.buffer)
const bfloat16 = { type: 'bfloat16', bits: Uint16Array.from(float32, (bits) => bits >>> 16) }
// Exponent bias 15 instead of 127, cut; what is below the halves is left out.
const toHalf = (bits) => ((bits >>> 16) & 0x8000) | Math.max(0, ((bits & 0x7fffffff) >> 13) - (112 << 10))
const half = { type: 'half', bits: Uint16Array.from(float32, toHalf) }

const columns = {
  absmax: (options) => quantize(values, options),
  'absmax from bfloat16': (options) => quantize(bfloat16, options),
  'absmax from half': (options) => quantize(half, options),
  mse: (options) => quantize(values, { ...options, scales: 'mse' }),
  dequantize: (_options, tensor) => dequantize(tensor),
}

/** CPU microseconds of one call. */
function cost(work) {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return user + system
}

const cases = [
  ...[16, 32, 64, 128, k].map((groupSize) => ({ format: 'fp4', groupSize })),
  { format: 'mxfp4', groupSize: 32 },
  { format: 'nvfp4', groupSize: 16 },
]
const json = process.argv.includes('--json')
const results = []
const print = json ? () => {} : console.log
print(`| format | group | bits a weight | ${Object.keys(columns).join(' | ')} |`)
print(`|---|---|---|${'---|'.repeat(Object.keys(columns).length)}`)
for (const { format, groupSize } of cases) {
  const options = { n, k, format, groupSize }
  const tensor = quantize(values, options)
  const times = Object.values(columns).map(() => [])
  for (let run = -1; run < runs; run++) {
    for (const [i, work] of Object.values(columns).entries()) {
      const time = cost(() => work(options, tensor))
      if (run >= 0) times[i].push(time)
    }
  }
  for (const [i, column] of Object.keys(columns).entries())
    results.push({ format, groupSize, column, cpuMicroseconds: times[i] })
  const rates = times.map((samples) => {
    const list = samples.toSorted((a, b) => a - b)
    return `${((n * k) / list[runs >> 1]).toFixed(0)} (${((n * k) / list[0]).toFixed(0)})`
  })
  print(`| ${[format, groupSize, bitsPerWeight(format, groupSize).toFixed(3), ...rates].join(' | ')} |`)
}
if (json) {
  const machine = { cpu: cpus()[0].model, node: process.version, date: new Date().toISOString(), load: loadavg() }
  const webAssembly = globalThis.WebAssembly !== undefined
  console.log(JSON.stringify({ ...machine, webAssembly, n, k, results }, undefined, 2))
}
