/** What penalties of repetition go by: tokens and their counts on the device, which each step brings up to date. */
import type { Device, DeviceBuffer } from '@metal-fp4/metal-core'
import { Buffers } from './buffers.js'
import type { SamplingSettings } from './sampler-settings.js'

/** Whether the logits change at all: without penalties a step has no kernel for them. */
export function isPenalized(settings: SamplingSettings): boolean {
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = settings
  return repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0
}

/** The buffers of `count_token` and `penalize_logits`. */
export class Penalties {
  /** uint32 [positions]: the token at each. */
  readonly history: DeviceBuffer
  /** uint32 [vocabSize]: how often in the window, and how often since the prompt. */
  readonly seen: DeviceBuffer
  readonly made: DeviceBuffer
  /** repetition, presence, frequency (float32 bits), window, generatedFrom. */
  readonly settings: DeviceBuffer
  /** float32 [vocabSize]: the logits less their penalties. */
  readonly logits: DeviceBuffer
  readonly #vocabSize: number
  readonly #buffers: Buffers

  constructor(device: Device, vocabSize: number, positions: number) {
    this.#vocabSize = vocabSize
    this.#buffers = new Buffers(device)
    const words = (count: number, label: string): DeviceBuffer => this.#buffers.make(count * 4, label)
    const made = this.#buffers.build(() => ({
      history: words(positions, 'history'),
      seen: words(vocabSize, 'seen'),
      made: words(vocabSize, 'made'),
      settings: words(5, 'penalties'),
      logits: words(vocabSize, 'penalizedLogits'),
    }))
    this.history = made.history
    this.seen = made.seen
    this.made = made.made
    this.settings = made.settings
    this.logits = made.logits
  }

  /** Sets the counts for a sequence of `tokens`, to which the next step adds the prompt's last one. */
  async begin(tokens: readonly number[], settings: SamplingSettings): Promise<void> {
    const { repetitionPenalty, repetitionWindow, presencePenalty, frequencyPenalty } = settings
    const words = new Uint32Array(5)
    new Float32Array(words.buffer).set([repetitionPenalty, presencePenalty, frequencyPenalty])
    words.set([repetitionWindow, tokens.length + 1], 3)
    const seen = new Uint32Array(this.#vocabSize)
    for (const token of repetitionWindow === 0 ? tokens : tokens.slice(-repetitionWindow)) seen[token]++
    await this.settings.write(words)
    await this.seen.write(seen)
    await this.made.write(new Uint32Array(this.#vocabSize))
    if (tokens.length > 0) await this.history.write(Uint32Array.from(tokens))
  }

  dispose(): void {
    this.#buffers.dispose()
  }
}
