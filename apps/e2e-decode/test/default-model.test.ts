import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultModel, loadModel } from '../src/load-model.js'
import type { Model } from '../src/model/model.js'
import { measurePerplexity, splitDocuments } from '../src/perplexity.js'
import { openReference } from '../src/reference/index.js'
import { best, nmse } from './support/compare.js'

/** What PyTorch made of the same weights, dequantized (training/export.py writes it). */
interface Golden {
  readonly prompt: string
  readonly ids: readonly number[]
  readonly greedy: readonly number[]
  /** Smallest gap between the two best logits on the way. */
  readonly smallestMargin: number
  readonly firstTop5: readonly { readonly id: number; readonly logit: number }[]
}
const goldens = JSON.parse(readFileSync(new URL('goldens/stories.json', import.meta.url), 'utf8')) as readonly Golden[]

let model: Model
/** The same in float32. */
let exact: Model
beforeAll(async () => {
  model = await loadModel()
  exact = await loadModel(defaultModel, { precision: 'float32' })
})
afterAll(async () => {
  await model.dispose()
  await exact.dispose()
})

async function tell(prompt: string, seed: number): Promise<string> {
  const generation = exact.generate(prompt, { seed, maxTokens: 250 })
  for await (const _ of generation) continue
  return prompt + generation.summary.text
}

/** The first run of `n` words that comes twice. */
function repeated(text: string, n = 8): string | undefined {
  const words = text.split(/\s+/)
  const runs = words.slice(0, Math.max(0, words.length - n + 1)).map((_, i) => words.slice(i, i + n).join(' '))
  return runs.find((run, i) => runs.indexOf(run) !== i)
}

describe('the default model', () => {
  it('is a packed mixture of experts of at most 16 MB, with tokenizer and card', () => {
    const names = readdirSync(defaultModel)
    expect(names).toEqual(
      expect.arrayContaining(['README.md', 'config.json', 'packed.bin', 'packed.json', 'tokenizer.json']),
    )
    const bytes = names.reduce((sum, name) => sum + statSync(join(defaultModel, name)).size, 0)
    expect(bytes).toBeLessThanOrEqual(16e6)
    const { architecture, formats, activeParameters, vocabSize } = model.describe()
    expect({ architecture, formats, vocabSize }).toEqual({
      architecture: 'qwen3_moe',
      formats: ['fp4'],
      vocabSize: 4096,
    })
    expect(activeParameters).toBeGreaterThan(5e6)
    expect(activeParameters).toBeLessThan(10e6)
    const feed = model.spec.feedForward[0]
    expect(feed).toMatchObject({ kind: 'experts', experts: 8, topK: 2 })
  })

  it.each(goldens)(
    'decodes the greedy tokens that PyTorch did: $prompt',
    async ({ prompt, ids, greedy, smallestMargin, firstTop5 }) => {
      expect(model.tokenizer!.encode(prompt)).toEqual(ids)
      const { vocabSize } = model.spec
      for (const [one, bound] of [
        [exact, 0.001],
        [model, 0.05],
      ] as const) {
        const rows = await one.logits([...ids, ...greedy.slice(0, -1)], { rows: 'all' })
        const first = rows.subarray((ids.length - 1) * vocabSize, ids.length * vocabSize)
        for (const { id, logit } of firstTop5) expect(Math.abs(first[id] - logit)).toBeLessThan(bound)
        for (const [step, token] of greedy.entries()) {
          const row = rows.subarray((ids.length - 1 + step) * vocabSize, (ids.length + step) * vocabSize)
          expect(row[best(row).token] - row[token]).toBeLessThan(bound)
        }
        if (smallestMargin < bound) continue // the second best may win
        const generation = one.generate(prompt, { maxTokens: greedy.length, temperature: 0, ignoreEnd: true })
        for await (const _ of generation) continue
        expect(generation.summary.tokens).toEqual(greedy)
      }
    },
  )

  it('agrees with the float64 pass over its weights', async () => {
    const { ids, greedy } = goldens[0]
    const tokens = [...ids, ...greedy]
    const reference = await openReference(defaultModel)
    const expected = await reference.logits(tokens)
    expect(nmse(await exact.logits(tokens, { rows: 'all' }), expected)).toBeLessThanOrEqual(1e-4)
    expect(model.describe().precision).toBe(model.device.info.backend === 'cpu' ? 'int8' : 'float32')
    expect(nmse(await model.logits(tokens, { rows: 'all' }), expected)).toBeLessThanOrEqual(1e-3)
  })

  it('tells ten stories without a run of eight words that comes twice', async () => {
    for (const [seed, prompt] of storyPrompts) {
      const story = await tell(prompt, seed)
      expect(story.length).toBeGreaterThan(200)
      expect(repeated(story), story).toBeUndefined()
    }
  })
})

/** The prompts and seeds of training/samples.md, under the sampling that the model itself recommends, in the precision that every device has. */
const storyPrompts: [number, string][] = [
  [1, 'Once upon a time'],
  [2, 'Once upon a time, there was a little fox'],
  [3, 'One day, a boy named Ben'],
  [4, 'Lily and her mom'],
  [5, 'There was a small house in the forest.'],
  [6, 'Tim had a toy boat.'],
  [7, 'Once upon a time, a bird wanted'],
  [8, 'The king was very tired.'],
  [9, 'Anna found a shiny key.'],
  [10, 'It was a rainy day,'],
]

const data = process.env.METAL_FP4_TEST_DATA
const corpus = data === undefined ? '' : join(data, 'corpus/tinystories.txt.xz')
const reason = whyNotHeldOut()
if (reason !== undefined) console.warn(`e2e-decode: skipped the held-out perplexity (${reason})`)

function whyNotHeldOut(): string | undefined {
  if (!existsSync(corpus)) return 'METAL_FP4_TEST_DATA is not set'
  try {
    execFileSync('xz', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'xz is not installed'
  }
}

describe.skipIf(reason !== undefined)('the default model on unseen stories', () => {
  it('has the perplexity of its card on the first 60 of the 400', async () => {
    const text = execFileSync('xz', ['-dc', corpus], { encoding: 'utf8', maxBuffer: 2 ** 28 })
    const documents = splitDocuments(text).slice(-400, -340)
    const { perplexity, tokens } = await measurePerplexity(model, documents)
    expect(tokens).toBeGreaterThan(8000)
    // The whole set gives what the card says; `fp4-decode perplexity` reproduces it.
    expect(perplexity).toBeLessThan(8.5)
    expect(Math.abs(perplexity / heldOut60 - 1)).toBeLessThan(0.001)
  })
})

/** Measured with `fp4-decode perplexity` on these 60 stories. */
const heldOut60 = 7.4279
