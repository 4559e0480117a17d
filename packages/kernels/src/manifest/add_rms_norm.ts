/** The residual stream takes what a block gives, and is normalized for the next block. */
export const addRmsNorm = {
  name: 'add_rms_norm',
  summary: 'hidden[m] += delta[m]; out[m] = weight * hidden[m] / sqrt(mean(hidden[m]^2) + epsilon).',
  problem: { m: 'u32', k: 'u32', epsilon: 'f32' },
  constants: {},
  args: [
    { name: 'hidden', type: 'f32', access: 'read_write', count: 'm * k', doc: '[M, K]' },
    { name: 'delta', type: 'f32', access: 'read', count: 'm * k', mayAlias: 'out', doc: '[M, K]' },
    { name: 'weight', type: 'f32', access: 'read', count: 'k', doc: '[K]' },
    { name: 'out', type: 'f32', access: 'write', count: 'm * k', doc: '[M, K]' },
  ],
  params: 'struct',
  order: 'rms_norm/1',
  legal: [{ expression: 'm >= 1 && k >= 1', expected: 'm and k of at least 1' }],
  launch: {
    cpu: { grid: ['m', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['m', '1', '1'], threadgroup: [512, 1, 1], order: 'rms_norm/simdgroups/1' },
  },
  operations: '5 * m * k',
} as const
