/** Which tensors of a checkpoint are packed, and under which names their parts are written. */
import type { TensorEntry } from '../safetensors/header.js'

/** Layouts of a packed file. */
export type FileLayout = 'kn' | 'mlx' | 'gpt-oss' | 'compressed-tensors' | 'modelopt'

export const fileLayouts: readonly FileLayout[] = ['kn', 'mlx', 'gpt-oss', 'compressed-tensors', 'modelopt']

/** Names of a packed tensor's parts. `weight` is what a name ends with in most checkpoints. */
export function partNames(name: string, layout: FileLayout): Record<'codes' | 'scales' | 'globalScales', string> {
  const stem = name.endsWith('.weight') ? name.slice(0, -'.weight'.length) : name
  switch (layout) {
    case 'kn':
      return { codes: `${name}.packed`, scales: `${name}.scales`, globalScales: `${name}.global_scales` }
    case 'mlx':
      return { codes: `${stem}.weight`, scales: `${stem}.scales`, globalScales: `${stem}.global_scale` }
    case 'gpt-oss':
      return { codes: `${name}_blocks`, scales: `${name}_scales`, globalScales: `${name}_global_scale` }
    case 'compressed-tensors':
      return {
        codes: `${stem}.weight_packed`,
        scales: `${stem}.weight_scale`,
        globalScales: `${stem}.weight_global_scale`,
      }
    case 'modelopt':
      return { codes: `${stem}.weight`, scales: `${stem}.weight_scale`, globalScales: `${stem}.weight_scale_2` }
  }
}

/** What is copied unless it is included, by name, and why. */
const keptByDefault: readonly (readonly [RegExp, string])[] = [
  // Embeddings are looked up and norms are vectors in all but name: neither is a matrix that an input is multiplied with.
  [/embed|wte|wpe|norm|(^|\.)ln_?\d*(\.|$)/i, 'an embedding or a norm, by its name'],
  // Small, and errors in them change which expert or token is taken; compressed-tensors and ModelOpt keep them as well.
  [/lm_head|router|(^|\.)(shared_expert_)?gate\.weight$/i, 'a router or the output head, by its name'],
  // Of FP8, GPTQ or affine checkpoints: they belong to codes that stay what they are.
  [
    /[._](scales?|scale_inv|scale_2|global_scales?|biases|zeros?|zero_point)$|weight_scale/i,
    'scales of another tensor, by its name',
  ],
]

/** Least input width of a matrix that is packed. */
export const leastK = 64

/** What packing needs to know of the options. */
export interface Choice {
  readonly include: readonly RegExp[] | undefined
  readonly exclude: readonly RegExp[]
  /** What K has to be a multiple of. */
  readonly multiple: number
}

/** Why a tensor is copied as it is; undefined when it is packed. */
export function reasonToCopy({ name, dtype, shape }: TensorEntry, choice: Choice): string | undefined {
  const k = shape.at(-1) ?? 0
  if (!['F32', 'F16', 'BF16'].includes(dtype)) return `${dtype} is no float type that is packed`
  if (choice.exclude.some((pattern) => pattern.test(name))) return 'excluded'
  if (choice.include !== undefined && !choice.include.some((pattern) => pattern.test(name))) return 'not included'
  if (shape.length !== 2 && shape.length !== 3) return 'not a matrix (or a stack of experts)'
  if (shape.includes(0)) return 'empty'
  if (k < leastK) return `K is ${k}, less than ${leastK}`
  if (k % choice.multiple !== 0) return `K is ${k}, no multiple of ${choice.multiple}`
  if (choice.include !== undefined) return undefined
  return keptByDefault.find(([pattern]) => pattern.test(name))?.[1]
}

/** A glob over names: `*` is any text, `?` one letter. */
export function globPattern(glob: string): RegExp {
  const text = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${text.replace(/(\.\*)+/g, '.*')}$`, 's')
}
