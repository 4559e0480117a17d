import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from '../cases.js'

// Instantiations of templates that are kept: of 689 kernels most are one kernel in another format, and each takes time to compile.
const kept = new Set([
  'kernel_mul_mm_mxfp4_f32',
  'kernel_mul_mm_f16_f32',
  'kernel_mul_mv_ext_mxfp4_f32_r1_4',
  'kernel_soft_max_f16_4',
  'kernel_rms_norm_f32_4',
  'kernel_rms_norm_mul_add_f32_4',
  'kernel_argsort_f32_i32_desc',
  'kernel_argsort_merge_f32_i32_desc',
  'kernel_flash_attn_ext_f16_dk64_dv64',
])

const instantiation = /^template \[\[host_name\("(\w+)"\s*\)\]\].*;.*$/gm

/** ggml-metal.metal with the macros of ggml's own build, and lines where other instantiations were. */
export const source = async (folder: string): Promise<Source> => {
  const base = join(folder, 'src')
  const whole = await readFile(join(base, 'ggml-metal/ggml-metal.metal'), 'utf8')
  return {
    text: whole.replaceAll(instantiation, (line, name: string) => (kept.has(name) ? line : '')),
    options: {
      name: 'ggml-metal.metal',
      includeDirectories: [base, join(base, 'ggml-metal')],
      defines: { GGML_METAL_HAS_BF16: 1 },
    },
  }
}

/** First number of the function constants of a family: ggml-metal-impl.h. */
export const functionConstants = { flashAttentionBlocks: 200, flashAttention: 300, mulMv: 600, mulMm: 700 } as const
