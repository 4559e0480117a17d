import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from '../cases.js'

/** A file of gpt_oss/metal/source. */
export const source =
  (name: string) =>
  async (folder: string): Promise<Source> => {
    const base = join(folder, 'gpt_oss/metal/source')
    return {
      text: await readFile(join(base, name), 'utf8'),
      options: { name, includeDirectories: [join(base, 'include')] },
    }
  }

/** `gptoss_control`: nobody asked to stop. */
export const control = (): Uint32Array => new Uint32Array(1)

const swishAlpha = 1.702

/** The gated unit of gpt-oss of what two rows gave. */
export const swiglu = (gate: number, linear: number, limit: number): number => {
  const swish = Math.min(gate, limit)
  const clamped = Math.min(Math.max(linear, -limit), limit)
  return (swish / (1 + Math.exp(-swishAlpha * swish))) * (clamped + 1)
}
