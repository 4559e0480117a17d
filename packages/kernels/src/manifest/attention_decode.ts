/** Attention of 1 to 8 rows over the block table, split over the context: the first of two passes. */
export const attentionDecode = {
  name: 'attention_decode',
  summary:
    'Row m attends to positions 0..positions[m] of its sequence. Split s covers the absolute positions s * splitLength up to (s + 1) * splitLength and gives, for each head, the maximum score, the sum of exponentials and the weighted sum of values. Splits beyond the position are left unwritten; attention_combine adds the others in order.',
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
    splits: 'u32',
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
    { name: 'positions', type: 'u32', access: 'read', count: 'm', doc: '[M]; each below splits * splitLength' },
    {
      name: 'blockTable',
      type: 'u32',
      access: 'read',
      count: 'tableStride * (m - 1) + maxBlocks',
      doc: 'as rope_kv_append',
    },
    {
      name: 'partials',
      type: 'f32',
      access: 'write',
      count: 'm * heads * splits * (headDim + 2)',
      doc: '[M, heads, splits, headDim + 2]: weighted values, then maximum and sum',
    },
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
    { expression: 'splits >= 1 && splitLength >= 1', expected: 'splits and splitLength of at least 1' },
  ],
  failures: [
    'position {0} at row {1} is outside the block table',
    'block at entry {0} of row {1} is outside the pool',
    'position {0} at row {1} is outside the splits',
  ],
  launch: {
    cpu: { grid: ['splits', 'kvHeads', 'm'], threadgroup: [1, 1, 1] },
    metal: { grid: ['splits', 'kvHeads', 'm'], threadgroup: [256, 1, 1], order: 'attention/tiles/1' },
  },
  operations: '4 * m * heads * splits * splitLength * headDim',
} as const
