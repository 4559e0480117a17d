/** The weighted sum of the chosen experts' outputs. */
export const moeCombine = {
  name: 'moe_combine',
  summary: 'out[m, k] = residual[m, k] + sum over s, in order, of weights[m, s] * expertOut[m, s, k].',
  problem: { m: 'u32', k: 'u32', topK: 'u32' },
  constants: { residual: ['off', 'on'] },
  args: [
    { name: 'expertOut', type: 'f32', access: 'read', count: 'm * topK * k', doc: '[M, topK, K]' },
    { name: 'weights', type: 'f32', access: 'read', count: 'm * topK', doc: '[M, topK]' },
    {
      name: 'residual',
      type: 'f32',
      access: 'read',
      count: 'm * k',
      when: "residual == 'on'",
      mayAlias: 'out',
      doc: '[M, K]',
    },
    { name: 'out', type: 'f32', access: 'write', count: 'm * k', doc: '[M, K]' },
  ],
  params: 'struct',
  order: 'moe_combine/1',
  legal: [{ expression: 'm >= 1 && k >= 1 && topK >= 1', expected: 'm, k and topK of at least 1' }],
  launch: {
    cpu: { grid: ['m', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['ceilDiv(k, 256)', 'm', '1'], threadgroup: [256, 1, 1] },
  },
  operations: '2 * m * topK * k',
} as const
