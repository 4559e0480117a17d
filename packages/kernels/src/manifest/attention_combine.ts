/** The second pass of attention_decode. */
export const attentionCombine = {
  name: 'attention_combine',
  summary:
    "out[m, h] = the partial results of the splits up to positions[m], added in order, each time rescaled to the larger of the maximum so far and the split's own.",
  problem: { m: 'u32', heads: 'u32', headDim: 'u32', splitLength: 'u32', splits: 'u32' },
  constants: {},
  args: [
    {
      name: 'partials',
      type: 'f32',
      access: 'read',
      count: 'm * heads * splits * (headDim + 2)',
      doc: '[M, heads, splits, headDim + 2]',
    },
    { name: 'positions', type: 'u32', access: 'read', count: 'm', doc: '[M]' },
    { name: 'out', type: 'f32', access: 'write', count: 'm * heads * headDim', doc: '[M, heads, headDim]' },
  ],
  params: 'struct',
  order: 'attention/1',
  legal: [
    { expression: 'm >= 1 && heads >= 1 && headDim >= 1', expected: 'm, heads and headDim of at least 1' },
    { expression: 'splits >= 1 && splitLength >= 1', expected: 'splits and splitLength of at least 1' },
  ],
  failures: ['position {0} at row {1} is outside the splits'],
  launch: {
    cpu: { grid: ['heads', 'm', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['heads', 'm', '1'], threadgroup: [128, 1, 1], order: 'attention/tiles/1' },
  },
  operations: '2 * m * heads * splits * headDim',
} as const
