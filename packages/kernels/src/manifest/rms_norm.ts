/** Root mean square normalization of rows. */
export const rmsNorm = {
  name: 'rms_norm',
  summary: 'out[m] = weight * input[m] / sqrt(mean(input[m]^2) + epsilon).',
  problem: { m: 'u32', k: 'u32', epsilon: 'f32' },
  constants: {},
  args: [
    { name: 'input', type: 'f32', access: 'read', count: 'm * k', mayAlias: 'out', doc: '[M, K]' },
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
  operations: '4 * m * k',
} as const
