/** The baseline GEMV, with the contract it was specified with: canonical layout, half in and out, 512 columns a threadgroup. */
export const decodeGemvFp4Wide = {
  name: 'decode_gemv_fp4_wide',
  summary:
    'C = A W for one row (each row by itself for more), W in `fp4` and the canonical `kn` layout; 128 threads, 4 columns a thread.',
  problem: { M: 'u32', N: 'u32', K: 'u32', group_size: 'u32' },
  constants: {},
  args: [
    { name: 'A', type: 'f16', access: 'read', count: 'M * K', doc: '[M, K]' },
    { name: 'B', type: 'codes', access: 'read', count: 'ceilDiv(K, 8) * N', packing: 'kn', doc: '[K/8, N]' },
    {
      name: 'scales',
      type: 'f16',
      access: 'read',
      count: 'ceilDiv(K, group_size) * N',
      packing: 'kn',
      doc: '[K/group_size, N]',
    },
    { name: 'C', type: 'f16', access: 'write', count: 'M * N', doc: '[M, N]' },
  ],
  params: 'separate',
  order: 'decode_gemv_fp4_wide/1',
  legal: [
    { expression: 'M >= 1 && N >= 1 && K >= 1', expected: 'M, N and K of at least 1' },
    {
      expression: 'group_size >= K || group_size >= 16 && group_size % 8 == 0',
      expected: 'group_size of 16 or more in steps of 8, or of at least K',
    },
  ],
  launch: {
    cpu: { grid: ['ceilDiv(N, 512)', 'M', '1'], threadgroup: [128, 1, 1] },
    metal: { grid: ['ceilDiv(N, 512)', 'M', '1'], threadgroup: [128, 1, 1] },
  },
  operations: '2 * M * N * K',
} as const
