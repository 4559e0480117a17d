/** The default model on the Metal device, end to end: a short run, as what executes the kernels here is an interpreter. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { defaultModel, loadModel } from '../src/load-model.js'
import { openReference } from '../src/reference/index.js'
import { best, nmse } from './support/compare.js'
import { liveObjects, metalMissing, metalTimeout, openMetal } from './support/metal.js'

/** What PyTorch made of the same weights (see default-model.test.ts). */
const [golden] = JSON.parse(readFileSync(new URL('goldens/stories.json', import.meta.url), 'utf8')) as readonly {
  readonly ids: readonly number[]
  readonly greedy: readonly number[]
}[]

if (metalMissing !== undefined) it.skip(`the default model on the Metal device (${metalMissing})`, () => undefined)
else
  it(
    'the default model decodes on the Metal device as in float64, and leaves nothing behind',
    { timeout: metalTimeout },
    async () => {
      const { provider, made } = await decode()
      expect(made).toEqual(golden.greedy.slice(0, made.length))
      if (provider === undefined) return // a Mac
      expect(provider.softwareMetal.validationErrors()).toEqual([])
      expect(await liveObjects(provider)).toEqual({})
    },
  )

/** In a function of its own, so that nothing of it is held when it has returned. */
async function decode() {
  const { device, provider } = await openMetal('fast')
  const made: number[] = []
  try {
    await using model = await loadModel(defaultModel, { device, context: 128 })
    const ids = golden.ids
    const logits = await model.logits(ids)
    const { vocabSize } = model.spec
    const reference = await (await openReference(defaultModel)).logits(ids)
    const expected = reference.subarray(reference.length - vocabSize)
    expect(nmse(logits, expected)).toBeLessThanOrEqual(1e-4)
    expect(best(logits).token).toBe(best(expected).token)
    for await (const { token } of model.generate(ids, { maxTokens: 3, temperature: 0 })) made.push(token)
    expect(made).toHaveLength(3)
  } finally {
    device.dispose()
  }
  return { provider, made }
}
