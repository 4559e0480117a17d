/** gemv_fp4 with K cut into ranges, so that a matrix of few columns still fills a GPU: the first of two passes. */
export const gemvFp4Partial = {
  name: 'gemv_fp4_partial',
  summary:
    'Sums of gemv_fp4 over ranges of K: partials[s, p, m, n] = sum over the groups of split s of activations[m, k] * W[p][k, n], where split s has the groups s * ceil(groups / splits) up to (s + 1) * ceil(groups / splits); 0 where it has none. combine_partials adds them. For m of 1..8.',
  problem: { m: 'u32', n: 'u32', k: 'u32', groupSize: 'u32', splits: 'u32' },
  constants: {
    format: ['fp4', 'mxfp4', 'nvfp4'],
    parts: ['one', 'two'],
    rows: ['eight', 'one', 'two', 'four'],
  },
  args: [
    { name: 'activations', type: 'f32', access: 'read', count: 'm * k', doc: '[M, K]' },
    {
      name: 'codes',
      type: 'codes',
      access: 'read',
      count: "(1 + (parts == 'two')) * align(n, 64) * ceilDiv(k, 8)",
      packing: 'columns64',
      alignment: '16',
      doc: '[parts, ceil(N/64), ceil(K/8), 64] words of 8 codes along K; two parts: gate, then up',
    },
    {
      name: 'scales',
      type: 'scale',
      access: 'read',
      count: "(1 + (parts == 'two')) * align(n, 64) * ceilDiv(k, groupSize)",
      packing: 'columns64',
      alignment: '16',
      doc: '[parts, ceil(N/64), ceil(K/groupSize), 64]',
    },
    {
      name: 'columnScales',
      type: 'f32',
      access: 'read',
      count: "(1 + (parts == 'two')) * align(n, 64)",
      alignment: '16',
      when: "format == 'nvfp4'",
      doc: "[parts, ceil(N/64), 64]: nvfp4's global scale of the part that each column belongs to",
    },
    {
      name: 'partials',
      type: 'f32',
      access: 'write',
      count: "splits * (1 + (parts == 'two')) * m * align(n, 64)",
      alignment: '16',
      doc: '[splits, parts, M, align(N, 64)]; what columns from N on hold is not specified',
    },
  ],
  params: 'struct',
  order: 'columns64/split/1',
  legal: [
    { expression: 'm >= 1 && m <= 8', expected: 'm from 1 to 8 (larger M: gemm_fp4)' },
    {
      expression: "m <= 8 - 7 * (rows == 'one') - 6 * (rows == 'two') - 4 * (rows == 'four')",
      expected: 'at most as many rows as the constant rows says',
    },
    { expression: 'n >= 1 && k >= 1 && splits >= 1', expected: 'n, k and splits of at least 1' },
    {
      expression: 'groupSize >= k || groupSize >= 16 && groupSize % 8 == 0',
      expected: 'groupSize of 16 or more in steps of 8, or of at least k',
    },
  ],
  launch: {
    cpu: { grid: ['ceilDiv(n, 64)', "1 + (parts == 'two')", 'splits'], threadgroup: [1, 1, 1] },
    metal: {
      grid: ['ceilDiv(n, 64)', "1 + (parts == 'two')", 'splits'],
      threadgroup: [256, 1, 1],
      order: 'columns64/blocks/split/1',
    },
  },
  operations: "2 * m * n * k * (1 + (parts == 'two'))",
} as const
