/**
 * Ten thousand damaged files: each is read, packed and inspected, or is refused with an error that names what is wrong. Never anything else:
 * no other error, no hang, no read beyond the file, no allocation that the file's size does not bound.
 */
import { describe, expect, it } from 'vitest'
import { LayoutError, QuantizationError, SafetensorsError } from '../src/index.js'
import { findPacked, openSafetensors, packSafetensors, readPacked } from '../src/safetensors/index.js'
import { normal, uniform } from './random.js'
import { bytesOf, collect, countingSource, fileOf, rawFile } from './support/files.js'

const rounds = process.env.METAL_FP4_DEEP ? 100_000 : 10_000

async function originals(): Promise<Uint8Array[]> {
  const plain = await fileOf([
    { name: 'a.weight', dtype: 'F32', shape: [4, 64], data: bytesOf(normal(256, 1)) },
    { name: 'b.weight', dtype: 'F16', shape: [2, 2, 64], data: new Uint8Array(512).fill(0x33) },
    { name: 'norm', dtype: 'BF16', shape: [3], data: new Uint8Array(6) },
  ])
  const layouts = [['nvfp4', 'kn'], ['mxfp4', 'mlx'], ['mxfp4', 'gpt-oss'], ['nvfp4', 'compressed-tensors'], ['nvfp4', 'modelopt']] as const // prettier-ignore
  const packed = layouts.map(async ([format, layout]) =>
    collect((await packSafetensors(countingSource(plain), { format, layout, measure: false })).chunks),
  )
  return [plain, ...(await Promise.all(packed))]
}

/** What strangers write into headers. */
const junk = [
  '-1', '0', '1', '63', '64', '65', '1e300', '9007199254740993', '18446744073709551615', '-0', '0.5', 'null', 'true', '""', '"F32"', '"U8"', '"F4"',
  '"F8_E4M3"', '[]', '[0]', '[0,0]', '[1,64]', '[4294967296,4294967296]', '{}', '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}', '"__proto__"',
  '"a.weight"', '"fp4_quant"', '[[[[[[[[[[[[', '"\\ud800"', '\u0000', '\ufeff',
] // prettier-ignore

function mutate(original: Uint8Array, random: () => number): Uint8Array {
  const pick = (n: number): number => Math.floor(random() * n)
  const headerEnd = 8 + Number(new DataView(original.buffer).getBigUint64(0, true))
  const kind = pick(7)
  if (kind === 0) return original.slice(0, pick(original.length)) // truncated
  if (kind === 1) return rawFile(original.subarray(8, headerEnd), original.subarray(headerEnd), BigInt(Math.floor(2 ** (random() * 64)))) // prettier-ignore
  if (kind === 2) return new Uint8Array(Buffer.concat([original, original.subarray(0, pick(100))]))
  if (kind < 5) {
    // A token of the header is replaced, or doubled; the stated length fits, so that the text itself is looked at.
    const tokens = Buffer.from(original.subarray(8, headerEnd))
      .toString()
      .split(/(?<=[[\]{},:])|(?=[[\]{},:])/)
    for (let changes = 1 + pick(3); changes > 0; changes--) {
      const at = pick(tokens.length)
      tokens[at] = kind === 3 ? junk[pick(junk.length)] : tokens[at] + tokens[pick(tokens.length)]
    }
    return rawFile(tokens.join(''), original.subarray(headerEnd))
  }
  if (kind === 6) {
    // Lists and sizes of the metadata, which stand in a string.
    const text = Buffer.from(original.subarray(8, headerEnd)).toString()
    const list = `[${Array<string>(pick(2 ** pick(14))).fill('1').join()}]`
    const size = String(2 ** pick(40))
    const changed = text
      .replace(/\\"parts\\":\[\d+\]/g, (found) => (random() < 0.8 ? `\\"parts\\":${list}` : found))
      .replace(/(?<=\\"(?:experts|n|k)\\":)\d+/g, (found) => (random() < 0.1 ? size : found))
    return rawFile(changed, original.subarray(headerEnd))
  } // prettier-ignore
  const bytes = original.slice()
  for (let flips = 1 + pick(8); flips > 0; flips--) {
    // Half of the flips hit the header.
    const at = random() < 0.5 ? pick(headerEnd) : pick(bytes.length)
    bytes[at] ^= 1 << pick(8)
  }
  return bytes
}

async function readAll(bytes: Uint8Array): Promise<void> {
  const source = countingSource(bytes)
  const file = await openSafetensors(source)
  for (const packed of findPacked(file)) await readPacked(file, packed)
  const { chunks, byteLength } = await packSafetensors(file, { format: 'mxfp4', include: ['*'], measure: false })
  let written = 0
  for await (const chunk of chunks) written += chunk.length
  expect(written).toBe(byteLength)
  expect(source.largest).toBeLessThanOrEqual(bytes.length)
}

describe('damaged files', () => {
  it(`${rounds} of them end in an error that says what is wrong, or are whole`, { timeout: 600_000 }, async () => {
    const random = uniform(11)
    const files = await originals()
    for (const file of files) await readAll(file)
    let refused = 0
    for (let round = 0; round < rounds; round++) {
      const bytes = mutate(files[round % files.length], random)
      try {
        await readAll(bytes)
      } catch (error) {
        refused++
        const known = [SafetensorsError, QuantizationError, LayoutError].some((kind) => error instanceof kind)
        if (!known) throw new Error(`round ${round}: ${String(error)}`, { cause: error })
        if (!/^\[\w+\] .*expected .*, got .*\. ./s.test((error as Error).message)) throw error
        if ((error as Error).message.length > 2000) throw error
      }
    }
    expect(refused).toBeGreaterThan(rounds / 2)
    expect(refused).toBeLessThan(rounds)
  })
})
