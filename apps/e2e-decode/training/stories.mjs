/**
 * Tells stories with the built package and counts those in which a run of eight words occurs twice. With `--show` the
 * stories themselves are printed, as samples.md.
 *
 *   node training/stories.mjs --seeds 1..10 --show                         ten stories, one for each prompt
 *   node training/stories.mjs --seeds 1000..1019,2000..2039 --every         each of the ten prompts with each seed
 *
 * Sampling is what the model recommends, unless --temperature, --top-p, --top-k or --min-p say otherwise.
 */
import { parseArgs } from 'node:util'
import { loadModel } from '../dist/index.js'

/** Fixed before any story was told; the test of the default model has the same. */
const prompts = [
  'Once upon a time',
  'Once upon a time, there was a little fox',
  'One day, a boy named Ben',
  'Lily and her mom',
  'There was a small house in the forest.',
  'Tim had a toy boat.',
  'Once upon a time, a bird wanted',
  'The king was very tired.',
  'Anna found a shiny key.',
  'It was a rainy day,',
]
const longest = 250
const runLength = 8

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    seeds: { type: 'string', default: '1..10' },
    every: { type: 'boolean', default: false },
    show: { type: 'boolean', default: false },
    temperature: { type: 'string' },
    'top-p': { type: 'string' },
    'top-k': { type: 'string' },
    'min-p': { type: 'string' },
  },
})

// The precision that every device has, so that seeds tell the same stories everywhere.
const model = await loadModel(options.model, { precision: 'float32' })
const sampling = {
  ...model.samplingDefaults,
  ...given('temperature', options.temperature),
  ...given('topP', options['top-p']),
  ...given('topK', options['top-k']),
  ...given('minP', options['min-p']),
}
const stories = []
for (const [prompt, seed] of plan(seedsOf(options.seeds))) {
  const generation = model.generate(prompt, { ...sampling, seed, maxTokens: longest })
  for await (const _ of generation) continue
  stories.push({ prompt, seed, ...generation.summary })
}
await model.dispose()

const repeating = stories.filter(({ prompt, text }) => repeats(prompt + text))
const settings = Object.entries(sampling)
  .map(([name, value]) => `${name} ${value}`)
  .join(', ')
const count = `${repeating.length} of ${stories.length} stories (${((100 * repeating.length) / stories.length).toFixed(1)} %) have a run of ${runLength} words twice`
if (options.show) show()
else console.log(`${settings}: ${count}`)

/** Pairs of prompt and seed: all of them with --every, else the i-th prompt with the i-th seed. */
function plan(seeds) {
  if (options.every) return seeds.flatMap((seed) => prompts.map((prompt) => [prompt, seed]))
  return seeds.map((seed, i) => [prompts[i % prompts.length], seed])
}

/** '1..3,7' to [1, 2, 3, 7]. */
function seedsOf(text) {
  return text.split(',').flatMap((range) => {
    const [first, last = first] = range.split('..').map(Number)
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last))
      throw new Error(`[stories] expected seeds as 1..10,20, got ${text}.`)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

function given(name, text) {
  return text === undefined ? {} : { [name]: Number(text) }
}

function repeats(text) {
  const words = text.split(/\s+/)
  const seen = new Set()
  for (let i = 0; i + runLength <= words.length; i++) {
    const run = words.slice(i, i + runLength).join(' ')
    if (seen.has(run)) return true
    seen.add(run)
  }
  return false
}

function show() {
  console.log(`# Ten stories

FP4 weights, ${settings}, at most ${longest} tokens, by \`training/stories.mjs\`. Nothing was
picked among the stories: the prompts (bold) and the seeds were fixed beforehand. ${count}. README.md
says of each whether it holds together; not all of them do.`)
  for (const { prompt, seed, text, tokens, finishReason } of stories) {
    const end = finishReason === 'end' ? 'ended by itself' : `cut at ${longest}`
    const paragraphs = text.trimEnd().split(/\n\s*/).join('\n\n')
    console.log(`\n## ${seed}\n\n**${prompt}**${paragraphs}\n\n(${tokens.length} tokens, ${end})`)
  }
}
