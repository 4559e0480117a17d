/** Queries and keys are normalized (Qwen3) and rotated; keys and values go to their place in the KV pool. */
export const ropeKvAppend = {
  name: 'rope_kv_append',
  summary:
    'For each row at position p: queries and keys get an RMS norm per head (constant `norm`), then are rotated by the angles of p (`halfSplit` pairs i with i + headDim/2, `interleaved` 2i with 2i + 1); keys and values are stored as half in block blockTable[p / blockSize] at p % blockSize, ties to even, what exceeds a half as ±65504 (infinities too). Rows must not share a slot. A position or block outside its range fails the submission.',
  problem: {
    m: 'u32',
    heads: 'u32',
    kvHeads: 'u32',
    headDim: 'u32',
    maxPositions: 'u32',
    blockSize: 'u32',
    tableStride: 'u32',
    maxBlocks: 'u32',
    poolBlocks: 'u32',
    epsilon: 'f32',
  },
  constants: { pairing: ['halfSplit', 'interleaved'], norm: ['off', 'on'] },
  args: [
    {
      name: 'qkv',
      type: 'f32',
      access: 'read',
      count: 'm * (heads + 2 * kvHeads) * headDim',
      doc: '[M, heads + 2 kvHeads, headDim]',
    },
    { name: 'queryNorm', type: 'f32', access: 'read', count: 'headDim', when: "norm == 'on'", doc: '[headDim]' },
    { name: 'keyNorm', type: 'f32', access: 'read', count: 'headDim', when: "norm == 'on'", doc: '[headDim]' },
    {
      name: 'rotations',
      type: 'f32',
      access: 'read',
      count: 'maxPositions * headDim',
      doc: '[maxPositions, headDim/2, 2]: cos, sin',
    },
    { name: 'positions', type: 'u32', access: 'read', count: 'm', doc: '[M]' },
    {
      name: 'blockTable',
      type: 'u32',
      access: 'read',
      count: 'tableStride * (m - 1) + maxBlocks',
      doc: '[maxBlocks], for all rows (tableStride 0), or one table for each row, tableStride entries apart',
    },
    {
      name: 'keys',
      type: 'f16',
      access: 'read_write',
      count: 'poolBlocks * kvHeads * blockSize * headDim',
      doc: '[poolBlocks, kvHeads, blockSize, headDim]',
    },
    {
      name: 'values',
      type: 'f16',
      access: 'read_write',
      count: 'poolBlocks * kvHeads * blockSize * headDim',
      doc: '[poolBlocks, kvHeads, blockSize, headDim]',
    },
    { name: 'queries', type: 'f32', access: 'write', count: 'm * heads * headDim', doc: '[M, heads, headDim]' },
  ],
  params: 'struct',
  order: 'rope_kv_append/1',
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
  ],
  failures: [
    'position {0} at row {1} is outside the block table',
    'block at entry {0} of row {1} is outside the pool',
    'position {0} at row {1} is not below maxPositions',
  ],
  launch: {
    cpu: { grid: ['m', '1', '1'], threadgroup: [1, 1, 1] },
    metal: {
      grid: ['ceilDiv(heads + 2 * kvHeads, 4)', 'm', '1'],
      threadgroup: [128, 1, 1],
      order: 'rope_kv_append/fused/1',
    },
  },
  operations: '6 * m * (heads + kvHeads) * headDim',
} as const
