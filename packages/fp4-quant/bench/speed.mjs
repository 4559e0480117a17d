// Million weights a second on one thread: `node bench/speed.mjs` after a build. 4096 x 4096 values, best and median of five.
import { bitsPerWeight, dequantize, quantize } from '../dist/index.js'

const n = 4096
const k = 4096
const runs = 5

const values = new Float32Array(n * k)
let state = 1
for (let i = 0; i < values.length; i++) {
  // A sum of four uniform numbers: close enough to a normal distribution for timing.
  let sum = 0
  for (let j = 0; j < 4; j++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    sum += state / 2 ** 31
  }
  values[i] = sum
}
const bits = new Uint16Array(values.length)
const floatBits = new Uint32Array(values.buffer)
for (let i = 0; i < bits.length; i++) bits[i] = floatBits[i] >>> 16
const bfloat16 = { type: 'bfloat16', bits }

/** @param {() => unknown} work */
function measure(work) {
  work()
  const rates = Array.from({ length: runs }, () => {
    const start = performance.now()
    work()
    return (n * k) / 1e3 / (performance.now() - start)
  }).sort((a, b) => b - a)
  return `${rates[0].toFixed(0)} (${rates[runs >> 1].toFixed(0)})`
}

const cases = [
  ...[16, 32, 64, 128, k].map((groupSize) => ({ format: 'fp4', groupSize })),
  { format: 'mxfp4', groupSize: 32 },
  { format: 'nvfp4', groupSize: 16 },
]
console.log('| format | group | bits a weight | absmax | absmax from bfloat16 | mse | dequantize |')
console.log('|---|---|---|---|---|---|---|')
for (const { format, groupSize } of cases) {
  const options = { n, k, format, groupSize }
  const tensor = quantize(values, options)
  const rates = [
    measure(() => quantize(values, options)),
    measure(() => quantize(bfloat16, options)),
    measure(() => quantize(values, { ...options, scales: 'mse' })),
    measure(() => dequantize(tensor)),
  ]
  console.log(`| ${[format, groupSize, bitsPerWeight(format, groupSize).toFixed(3), ...rates].join(' | ')} |`)
}
