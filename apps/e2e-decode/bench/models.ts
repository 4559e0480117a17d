/** The models that both suites run: the default one, which a cache holds, and a geometry large enough that none does. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isFp4Format } from '@metal-fp4/fp4-quant'
import { type Filter, type SuiteContext, coldBytes } from '@metal-fp4/bench'
import { geometrySpec } from '../src/geometry/geometries.js'
import { type Model, type ModelSource, defaultModel, loadModel } from '../src/index.js'

/**
 * Qwen3-0.6B with a vocabulary of 32,000: about 250 MB a token, so that a step reads its weights from memory, as those of
 * larger models do. It is also the geometry that other projects were measured with.
 */
const geometry = { geometry: 'qwen3-0.6b', vocabSize: 32_000 } as const

const context = 1024

/**
 * See `BenchCase.cached`: with fewer bytes a token, weights may stay in a cache from one token to the next. Half of what the cold pool
 * leaves between two uses of a copy: a pass goes through the weights in the same order each time, so a cache that is a little too
 * small for them already has none of them left.
 */
export function isCached(model: Model, minColdBytes: number = coldBytes): boolean {
  return model.describe().bytesPerToken < minColdBytes / 2
}

export interface BenchModel {
  readonly model: Model
  /** For the report. */
  readonly name: string
  /** See `BenchCase.cached`. */
  readonly cached: boolean
}

/** What --geometry calls the default model, which has weights of its own. */
const stories = 'stories'

/** @throws Error that names what is wrong: the bench refuses such flags before it runs anything. */
export function checkModels({ geometries = [], vocabSize }: Filter): void {
  for (const { name, layers } of geometries) {
    if (name !== stories) {
      geometrySpec(name, { ...(layers !== undefined && { layers }), ...(vocabSize !== undefined && { vocabSize }) })
    } else if (layers !== undefined) {
      throw new RangeError(
        `[--geometry] expected ${stories} alone, got ${stories}:${layers}. Its layers are those of the default model.`,
      )
    }
  }
}

/** Yields the models one at a time; each is disposed when the generator goes on. */
export async function* models({ device, filter, signal, minColdBytes }: SuiteContext): AsyncGenerator<BenchModel> {
  const formats = (filter.formats ?? ['fp4', 'mxfp4', 'nvfp4']).filter(isFp4Format)
  const vocabSize = filter.vocabSize ?? geometry.vocabSize
  for (const { name, layers } of filter.geometries ?? [{ name: stories }, { name: geometry.geometry }]) {
    if (name === stories) {
      // It is what it was packed as.
      const wanted = filter.formats?.includes('fp4') ?? true
      if (wanted && existsSync(join(defaultModel, 'config.json'))) yield* loaded(stories, defaultModel)
      continue
    }
    const source = { geometry: name, vocabSize, ...(layers !== undefined && { layers }) }
    for (const quantize of formats) yield* loaded(name, source, { quantize })
  }

  async function* loaded(
    name: string,
    source: ModelSource,
    options: { quantize?: 'fp4' | 'mxfp4' | 'nvfp4' } = {},
  ): AsyncGenerator<BenchModel> {
    const model = await loadModel(source, {
      ...options,
      device,
      signal,
      context: typeof source === 'string' ? 512 : context,
    })
    try {
      yield { model, name, cached: isCached(model, minColdBytes) }
    } finally {
      await model.dispose()
    }
  }
}

/** `count` tokens without a pattern; other ones for each turn, so that nothing of them is in the cache. */
export function promptTokens(model: Model, count: number, turn: number): number[] {
  return Array.from({ length: count }, (_, i) => (turn + 1 + i * 7919) % model.spec.vocabSize)
}
