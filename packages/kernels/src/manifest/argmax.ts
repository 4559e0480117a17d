/** The most likely token of each row. */
export const argmax = {
  name: 'argmax',
  summary:
    'tokens[m] = the index of the largest of logits[m]; ties go to the lower index. A NaN, +infinity, or a row of nothing but -infinity fails the submission.',
  problem: { m: 'u32', n: 'u32' },
  constants: {},
  args: [
    { name: 'logits', type: 'f32', access: 'read', count: 'm * n', doc: '[M, N]' },
    { name: 'tokens', type: 'u32', access: 'write', count: 'm', doc: '[M]' },
  ],
  params: 'struct',
  order: 'argmax/1',
  legal: [{ expression: 'm >= 1 && n >= 1', expected: 'm and n of at least 1' }],
  failures: [
    'no logit at row {0} is above -infinity',
    'logit {0} at row {1} is NaN',
    'logit {0} at row {1} is +infinity',
  ],
  launch: {
    cpu: { grid: ['m', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['m', '1', '1'], threadgroup: [1024, 1, 1] },
  },
  operations: 'm * n',
} as const
