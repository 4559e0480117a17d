/** Rows of an embedding table that shares its FP4 weights with the output matrix. */
export const embeddingRowsFp4 = {
  name: 'embedding_rows_fp4',
  summary: 'out[m] = column tokens[m] of W, dequantized. A token that is not in the vocabulary fails the submission.',
  problem: { m: 'u32', n: 'u32', k: 'u32', groupSize: 'u32' },
  constants: { format: ['fp4', 'mxfp4', 'nvfp4'] },
  args: [
    { name: 'tokens', type: 'u32', access: 'read', count: 'm', doc: '[M], each below N' },
    {
      name: 'codes',
      type: 'codes',
      access: 'read',
      count: 'align(n, 64) * ceilDiv(k, 8)',
      packing: 'columns64',
      alignment: '16',
      doc: '[ceil(N/64), ceil(K/8), 64]',
    },
    {
      name: 'scales',
      type: 'scale',
      access: 'read',
      count: 'align(n, 64) * ceilDiv(k, groupSize)',
      packing: 'columns64',
      alignment: '16',
      doc: '[ceil(N/64), ceil(K/groupSize), 64]',
    },
    {
      name: 'columnScales',
      type: 'f32',
      access: 'read',
      count: 'align(n, 64)',
      alignment: '16',
      when: "format == 'nvfp4'",
      doc: '[ceil(N/64), 64]',
    },
    { name: 'out', type: 'f32', access: 'write', count: 'm * k', doc: '[M, K]' },
  ],
  params: 'struct',
  order: 'embedding_rows_fp4/1',
  legal: [
    { expression: 'm >= 1 && n >= 1 && k >= 1', expected: 'm, n and k of at least 1' },
    {
      expression: 'groupSize >= k || groupSize >= 16 && groupSize % 8 == 0',
      expected: 'groupSize of 16 or more in steps of 8, or of at least k',
    },
  ],
  failures: ['token {0} at row {1} is outside the vocabulary'],
  launch: {
    cpu: { grid: ['m', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['ceilDiv(k, 1024)', 'm', '1'], threadgroup: [128, 1, 1] },
  },
  operations: '0',
} as const
