/** Rows of a dense embedding table. */
export const embeddingRows = {
  name: 'embedding_rows',
  summary: 'out[m] = table[tokens[m]], as float32. A token that is not in the vocabulary fails the submission.',
  problem: { m: 'u32', n: 'u32', k: 'u32' },
  constants: { type: ['f32', 'f16', 'bf16'] },
  args: [
    { name: 'tokens', type: 'u32', access: 'read', count: 'm', doc: '[M], each below N' },
    {
      name: 'table',
      type: 'weight',
      access: 'read',
      count: 'n * k',
      packing: 'rows',
      alignment: '16',
      doc: '[N, K]: vocabulary by width',
    },
    { name: 'out', type: 'f32', access: 'write', count: 'm * k', doc: '[M, K]' },
  ],
  params: 'struct',
  order: 'embedding_rows/1',
  legal: [{ expression: 'm >= 1 && n >= 1 && k >= 1', expected: 'm, n and k of at least 1' }],
  failures: ['token {0} at row {1} is outside the vocabulary'],
  launch: {
    cpu: { grid: ['m', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['ceilDiv(k, 1024)', 'm', '1'], threadgroup: [256, 1, 1] },
  },
  operations: '0',
} as const
