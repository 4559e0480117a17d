/** What a sequence has said so far: the counts that `penalize_logits` goes by. */
export const countToken = {
  name: 'count_token',
  summary:
    'Counts the token that a step reads: history[position] = token; seen[token] += 1; with a window above 0, from position window on, seen[history[position - window]] -= 1, so that seen counts the last window tokens; from position generatedFrom on, made[token] += 1. A token that is not in the vocabulary, or a position that is not in the history, fails the submission.',
  problem: { n: 'u32', maxPositions: 'u32' },
  constants: {},
  args: [
    { name: 'token', type: 'u32', access: 'read', count: '1', doc: 'the token that the step reads, below N' },
    { name: 'position', type: 'u32', access: 'read', count: '1', doc: 'where it is, below maxPositions' },
    {
      name: 'settings',
      type: 'u32',
      access: 'read',
      count: '5',
      doc: 'repetition, presence, frequency (float32 bits), window, generatedFrom: in a buffer, so that a recorded graph serves every request',
    },
    {
      name: 'history',
      type: 'u32',
      access: 'read_write',
      count: 'maxPositions',
      doc: '[maxPositions]: the token at each position',
    },
    { name: 'seen', type: 'u32', access: 'read_write', count: 'n', doc: '[N]: how often in the window' },
    { name: 'made', type: 'u32', access: 'read_write', count: 'n', doc: '[N]: how often since generatedFrom' },
  ],
  params: 'struct',
  order: 'count_token/1',
  legal: [{ expression: 'n >= 1 && maxPositions >= 1', expected: 'n and maxPositions of at least 1' }],
  failures: ['token {0} is outside the vocabulary', 'position {0} is outside the history'],
  launch: {
    cpu: { grid: ['1', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['1', '1', '1'], threadgroup: [1, 1, 1] },
  },
  operations: '0',
} as const
