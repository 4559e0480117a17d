/**
 * Whole folders, packed ones and Hugging Face ones, with one file damaged: bits flipped, cut short, lengthened, or hostile JSON. Each is
 * loaded as far as it goes, and a token is made when it loads. METAL_FP4_DEEP=1: ten thousand of them.
 */
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Device, createDevice } from '@metal-fp4/metal-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packModel } from '../src/checkpoint/pack-writer.js'
import { inspectModel } from '../src/inspect/inspect.js'
import { loadModel } from '../src/load-model.js'
import { type ConfigName, cleanUp, configs, newFolder, writeCheckpoint } from './support/checkpoints.js'
import { random } from './support/random.js'
import { tokenizerConfig } from './support/tokenizer-files.js'

const rounds = process.env.METAL_FP4_DEEP === '1' ? 10_000 : 300

/** What a number, a name or a list might be in a file from a stranger. */
const hostile: readonly unknown[] = [
  ...[-1, 0, 1, 0.5, 1e308, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, Number.MAX_SAFE_INTEGER, 1e-320],
  ...['', 'x', '0', '../../etc/passwd', '__proto__', '\u0000', '\ud800', 'x'.repeat(100_000), '(a+)+$'],
  ...[
    null,
    true,
    false,
    [],
    {},
    [[]],
    [-1],
    [2 ** 53],
    [0, 1e15],
    { length: 2 ** 32 },
    { offset: 0, byteLength: 2 ** 52 },
  ],
  ...['{{ x }}', '{% for i in range(99999999) %}{% for j in range(99999999) %}.{% endfor %}{% endfor %}', '{% if'],
]

type Random = () => number
const below = (next: Random, n: number): number => Math.floor(next() * n)
const choose = <T>(next: Random, values: readonly T[]): T => values[below(next, values.length)]

/** A copy of a JSON value with something at a random place replaced, removed or added. */
function damage(value: unknown, next: Random): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  if (!isObject || next() < 0.05) return choose(next, hostile)
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...(value as unknown[])] as never) : { ...value }
  const key = choose(next, Object.keys(copy))
  const what = next()
  if (what < 0.1) Reflect.deleteProperty(copy, key)
  else if (what < 0.2)
    copy[choose(next, ['__proto__', 'constructor', '', 'layers.99999.down', 'extra'])] = choose(next, hostile)
  else copy[key] = next() < 0.5 ? choose(next, hostile) : damage(copy[key], next)
  return copy
}

function mutate(name: string, bytes: Buffer, next: Random): Buffer {
  const what = next()
  const json = name.endsWith('.json')
  if (json && what < 0.6) return Buffer.from(JSON.stringify(damage(JSON.parse(bytes.toString()), next)))
  if (name.endsWith('.safetensors') && what < 0.5) {
    const length = Number(bytes.readBigUInt64LE(0))
    const header = Buffer.from(JSON.stringify(damage(JSON.parse(bytes.subarray(8, 8 + length).toString()), next)))
    const prefix = Buffer.alloc(8)
    prefix.writeBigUInt64LE(next() < 0.1 ? BigInt(choose(next, [0, 1, 2 ** 40, 2 ** 53])) : BigInt(header.length))
    return Buffer.concat([prefix, header, bytes.subarray(8 + length)])
  }
  if (what < 0.75) {
    const copy = Buffer.from(bytes)
    // The beginning of a file is where its sizes are.
    const most = next() < 0.5 ? Math.min(copy.length, 2000) : copy.length
    for (let i = below(next, 8); i >= 0; i--) copy[below(next, most)] ^= 1 << below(next, 8)
    return copy
  }
  if (what < 0.9) return bytes.subarray(0, below(next, bytes.length))
  return Buffer.concat([bytes, Buffer.alloc(below(next, 100_000), below(next, 256))])
}

let device: Device
beforeAll(async () => {
  device = await createDevice({ backend: 'cpu', threads: 1 })
})
afterAll(() => {
  device.dispose()
  cleanUp()
})

/** Loads, and makes a token. What is thrown has a code and says what to do. */
async function use(folder: string, inspect: boolean): Promise<'loaded' | 'refused'> {
  try {
    await using model = await loadModel(folder, { device, context: 16 })
    if (inspect) await inspectModel(folder)
    for await (const _ of model.generate('a', { maxTokens: 1, temperature: 0 })) continue
    if (model.hasChatTemplate) for await (const _ of model.chat({ maxTokens: 1 }).send('a')) break
    return 'loaded'
  } catch (error) {
    const { code, message } = error as Error & { code?: unknown }
    expect(code, String((error as Error).stack)).toMatch(/^ERR_(FP4_DECODE|METAL_CORE|FP4_QUANT)_/)
    expect(message).toMatch(/^\[[\w-]+\] .{10,}/s)
    return 'refused'
  }
}

describe('folders from strangers', () => {
  const template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}{% endfor %}"
  const kinds: [ConfigName, 'packed' | 'huggingface'][] = [
    ['qwen3Moe', 'packed'],
    ['llama', 'packed'],
    ['llamaTied', 'huggingface'],
    ['qwen3Moe', 'huggingface'],
  ]
  it.each(kinds)(
    '%s, %s: each loads or is refused in words',
    async (config, kind) => {
      const good = writeCheckpoint(configs[config], kind === 'huggingface' ? { shards: 2, dtype: 'BF16' } : {})
      writeFileSync(
        join(good, 'tokenizer_config.json'),
        JSON.stringify({ ...tokenizerConfig, chat_template: template }),
      )
      writeFileSync(join(good, 'generation_config.json'), JSON.stringify({ do_sample: true, temperature: 0.7, top_k: 20, repetition_penalty: 1.1, eos_token_id: [256] })) // prettier-ignore
      let source = good
      if (kind === 'packed') {
        source = newFolder()
        await packModel(good, source, {
          mode: config === 'llama' ? 'nvfp4' : 'fp4',
          groupSize: config === 'llama' ? 16 : 32,
        })
      }
      const files = readdirSync(source)
      const target = join(newFolder(), 'target')
      mkdirSync(target)
      for (const name of files) copyFileSync(join(source, name), join(target, name))
      expect(await use(target, true)).toBe('loaded')
      const before = process.memoryUsage().rss
      const outcomes = { loaded: 0, refused: 0 }
      for (let seed = 1; seed <= rounds / kinds.length; seed++) {
        const next = random(seed)
        const name = choose(next, files)
        const original = readFileSync(join(source, name))
        writeFileSync(join(target, name), mutate(name, original, next))
        outcomes[await use(target, seed % 10 === 0)]++
        writeFileSync(join(target, name), original)
      }
      expect(outcomes.loaded + outcomes.refused).toBe(Math.floor(rounds / kinds.length))
      expect(outcomes.refused).toBeGreaterThan(outcomes.loaded / 5)
      expect(process.memoryUsage().rss - before).toBeLessThan(600e6)
    },
    rounds * 400,
  )
})
