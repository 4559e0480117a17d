/** A small file for those who have none at hand: two layers of weights that quantize well, badly, and not at all. */
import { writeSafetensors } from '@metal-fp4/fp4-quant/safetensors'

const width = 256

/** Rows of weights: what a matrix of this kind looks like in a trained model. */
const kinds = {
  /** Most projections: normal. */
  normal: (random: () => number): number => normal(random) * 0.02,
  /** Heavier tails. */
  heavy: (random: () => number): number => (normal(random) * 0.02) / Math.sqrt(0.15 + random()),
  /** A few input channels are far larger than the rest. */
  outliers: (random: () => number, channel: number): number => normal(random) * (channel % 64 === 3 ? 0.6 : 0.02),
}

const matrices = [
  ['self_attn.q_proj', width, width, 'normal'],
  ['self_attn.k_proj', 64, width, 'outliers'],
  ['self_attn.v_proj', 64, width, 'normal'],
  ['self_attn.o_proj', width, width, 'heavy'],
  ['mlp.gate_proj', 3 * width, width, 'normal'],
  ['mlp.up_proj', 3 * width, width, 'normal'],
  ['mlp.down_proj', width, 3 * width, 'heavy'],
] as const

export async function sampleFile(): Promise<Blob> {
  const random = generator(1)
  const tensors = [0, 1].flatMap((layer) => [
    ...matrices.map(([name, n, k, kind]) => {
      const values = Float32Array.from({ length: n * k }, (_, i) => kinds[kind](random, i % k))
      return { name: `model.layers.${layer}.${name}.weight`, dtype: 'F32' as const, shape: [n, k], data: bytes(values) }
    }),
    {
      name: `model.layers.${layer}.input_layernorm.weight`,
      dtype: 'F32' as const,
      shape: [width],
      data: bytes(new Float32Array(width).fill(1)),
    },
  ])
  const parts: BlobPart[] = []
  for await (const chunk of writeSafetensors(tensors, { format: 'pt' })) parts.push(chunk.slice())
  return new Blob(parts)
}

function bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer)
}

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Mulberry32: the same sample for everybody. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
