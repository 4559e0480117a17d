import { decodeGemvFp4Wide } from './decode_gemv_fp4_wide.js'

/** The baseline GEMM: 64x64 tiles whatever M is, which is what M = 1 must not be given. */
export const marlinGemmFp4 = {
  name: 'marlin_gemm_fp4',
  summary:
    'C = A W in tiles of 64 rows by 64 columns, W in `fp4` and the canonical `kn` layout. At M = 1 it computes 63 rows of padding.',
  problem: { M: 'u32', N: 'u32', K: 'u32', group_size: 'u32' },
  constants: {},
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion -- isolatedDeclarations asks for the type
  args: decodeGemvFp4Wide.args as typeof decodeGemvFp4Wide.args,
  params: 'separate',
  order: 'marlin_gemm_fp4/1',
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion -- isolatedDeclarations asks for the type
  legal: decodeGemvFp4Wide.legal as typeof decodeGemvFp4Wide.legal,
  launch: {
    cpu: { grid: ['ceilDiv(N, 64)', 'ceilDiv(M, 64)', '1'], threadgroup: [128, 1, 1] },
    metal: { grid: ['ceilDiv(N, 64)', 'ceilDiv(M, 64)', '1'], threadgroup: [128, 1, 1] },
  },
  operations: '2 * M * N * K',
} as const
