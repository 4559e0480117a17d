/** A token drawn from each row's logits. */
export const sampleToken = {
  name: 'sample_token',
  summary:
    'Keeps the topK largest logits (0: all; ties to the lower index), of those the smallest set whose softmax(logits / temperature) reaches topP, and of ' +
    'those the ones of at least minP times the largest probability; draws one in proportion, walking indices upwards. The random ' +
    'number is word 0 of Philox4x32-10 with key (seedLow, seedHigh) and counter (positions[m], 0, 0, 0), times 2^-32. Temperature 0 is argmax.',
  problem: { m: 'u32', n: 'u32' },
  constants: {},
  args: [
    { name: 'logits', type: 'f32', access: 'read', count: 'm * n', doc: '[M, N]' },
    { name: 'positions', type: 'u32', access: 'read', count: 'm', doc: '[M]: the counter of the generator' },
    {
      name: 'settings',
      type: 'u32',
      access: 'read',
      count: '6',
      doc: 'temperature, topP, minP (float32 bits), topK, seedLow, seedHigh: in a buffer, so that a recorded graph serves every request',
    },
    { name: 'tokens', type: 'u32', access: 'write', count: 'm', doc: '[M]' },
  ],
  params: 'struct',
  order: 'sample_token/1',
  legal: [{ expression: 'm >= 1 && n >= 1', expected: 'm and n of at least 1' }],
  launch: { cpu: { grid: ['m', '1', '1'], threadgroup: [1, 1, 1] } },
  operations: '4 * m * n',
} as const
