/** The second of two passes: the sums of gemv_fp4_partial added, and its epilogue. */
export const combinePartials = {
  name: 'combine_partials',
  summary:
    'out[m, n] = the sum over s, upwards, of partials[s, m, n], then the epilogue: `add` adds residual[m, n]; `swiglu` gives silu(gate) * up of the sums of two parts.',
  problem: { m: 'u32', n: 'u32', splits: 'u32' },
  constants: { epilogue: ['none', 'add', 'swiglu'] },
  args: [
    {
      name: 'partials',
      type: 'f32',
      access: 'read',
      count: "splits * (1 + (epilogue == 'swiglu')) * m * align(n, 64)",
      alignment: '16',
      doc: '[splits, parts, M, align(N, 64)]; parts is 2 for swiglu (gate, then up), else 1',
    },
    {
      name: 'residual',
      type: 'f32',
      access: 'read',
      count: 'm * n',
      when: "epilogue == 'add'",
      mayAlias: 'out',
      doc: '[M, N]',
    },
    { name: 'out', type: 'f32', access: 'write', count: 'm * n', doc: '[M, N]' },
  ],
  params: 'struct',
  order: 'combine_partials/1',
  legal: [{ expression: 'm >= 1 && n >= 1 && splits >= 1', expected: 'm, n and splits of at least 1' }],
  launch: {
    cpu: { grid: ['ceilDiv(n, 64)', 'm', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['ceilDiv(n, 64)', 'm', '1'], threadgroup: [64, 1, 1] },
  },
  operations: "splits * m * n * (1 + (epilogue == 'swiglu'))",
} as const
