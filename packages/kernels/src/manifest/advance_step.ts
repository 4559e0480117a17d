/** What happens between two tokens of a sequence: the token is published, the position moves on, the end is noticed. */
export const advanceStep = {
  name: 'advance_step',
  summary:
    'ring[produced % ringSize] = token; produced += 1; position += 1; done becomes 1 when the token is in endTokens, or 2 when produced reaches limit or position reaches maxPositions (1 when both). token is where the next step reads it.',
  problem: { ringSize: 'u32', endTokenCount: 'u32', maxPositions: 'u32' },
  constants: {},
  args: [
    { name: 'token', type: 'u32', access: 'read', count: '1', doc: 'the token just chosen' },
    {
      name: 'position',
      type: 'u32',
      access: 'read_write',
      count: '1',
      doc: 'position of the token that the next step embeds',
    },
    { name: 'state', type: 'u32', access: 'read_write', count: '3', doc: 'done, produced, limit' },
    {
      name: 'endTokens',
      type: 'u32',
      access: 'read',
      count: 'endTokenCount',
      when: 'endTokenCount',
      doc: '[endTokenCount]',
    },
    { name: 'ring', type: 'u32', access: 'read_write', count: 'ringSize', doc: '[ringSize], read by the host' },
  ],
  params: 'struct',
  order: 'advance_step/1',
  legal: [{ expression: 'ringSize >= 1 && maxPositions >= 1', expected: 'ringSize and maxPositions of at least 1' }],
  launch: {
    cpu: { grid: ['1', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['1', '1', '1'], threadgroup: [1, 1, 1] },
  },
  operations: '0',
} as const
