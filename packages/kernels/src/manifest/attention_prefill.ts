/** Attention of many rows over the block table, in one pass. */
export const attentionPrefill = {
  name: 'attention_prefill',
  summary:
    'out[m, h] = softmax(scale * queries[m, h] · keys[0..positions[m], h]) values, for any m; the same splits at absolute positions and the same order of operations as attention_decode with attention_combine.',
  problem: {
    m: 'u32',
    heads: 'u32',
    kvHeads: 'u32',
    headDim: 'u32',
    blockSize: 'u32',
    tableStride: 'u32',
    maxBlocks: 'u32',
    poolBlocks: 'u32',
    splitLength: 'u32',
    scale: 'f32',
  },
  constants: {},
  args: [
    { name: 'queries', type: 'f32', access: 'read', count: 'm * heads * headDim', doc: '[M, heads, headDim]' },
    {
      name: 'keys',
      type: 'f16',
      access: 'read',
      count: 'poolBlocks * kvHeads * blockSize * headDim',
      alignment: '8',
      doc: '[poolBlocks, kvHeads, blockSize, headDim]',
    },
    {
      name: 'values',
      type: 'f16',
      access: 'read',
      count: 'poolBlocks * kvHeads * blockSize * headDim',
      alignment: '8',
      doc: '[poolBlocks, kvHeads, blockSize, headDim]',
    },
    { name: 'positions', type: 'u32', access: 'read', count: 'm', doc: '[M]' },
    {
      name: 'blockTable',
      type: 'u32',
      access: 'read',
      count: 'tableStride * (m - 1) + maxBlocks',
      doc: 'as rope_kv_append',
    },
    { name: 'out', type: 'f32', access: 'write', count: 'm * heads * headDim', doc: '[M, heads, headDim]' },
  ],
  params: 'struct',
  order: 'attention/1',
  legal: [
    {
      expression: 'm >= 1 && kvHeads >= 1 && heads % kvHeads == 0',
      expected: 'm of at least 1 and heads a multiple of kvHeads',
    },
    { expression: 'headDim >= 2 && headDim % 2 == 0 && headDim <= 1024', expected: 'an even headDim of at most 1024' },
    {
      expression: 'blockSize >= 1 && maxBlocks >= 1 && poolBlocks >= 1',
      expected: 'blockSize, maxBlocks and poolBlocks of at least 1',
    },
    { expression: 'tableStride == 0 || tableStride >= maxBlocks', expected: 'tableStride 0 or at least maxBlocks' },
    { expression: 'splitLength >= 1', expected: 'splitLength of at least 1' },
  ],
  failures: ['position {0} at row {1} is outside the block table', 'block at entry {0} of row {1} is outside the pool'],
  launch: {
    cpu: { grid: ['kvHeads', 'm', '1'], threadgroup: [1, 1, 1] },
    metal: {
      grid: ['kvHeads', 'ceilDiv(m, 1 + (headDim <= 256) + 2 * (headDim <= 128))', '1'],
      threadgroup: [256, 1, 1],
      order: 'attention/tiles/1',
    },
  },
  operations: '4 * m * heads * blockSize * maxBlocks * headDim',
} as const
