/** A token drawn from each row's logits. */
export const sampleToken = {
  name: 'sample_token',
  summary:
    'Keeps the topK largest logits (0: all; ties to the lower index); of those the shortest run, from the largest down, whose weights sum to topP of the weights of all that topK kept; and of those the weights of at least minP of the largest. Draws one in proportion to its weight: the first, walking indices upwards, at which the running sum exceeds (random * sum) >> 32. Weights are the integers floor(2^40 exp((logit - largest) / temperature)), so that every sum is exact and may be taken in any order; thresholds are (floor(2^32 topP) * sum) >> 32 and floor(2^40 minP). random is word 0 of Philox4x32-10 with key (seedLow, seedHigh) and counter (positions[m], 0, 0, 0). Temperature 0 is argmax. Logits and settings that make no sense (NaN, +infinity, only -infinity; a negative temperature; topP outside 0 < topP <= 1; minP outside 0..1) fail the submission.',
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
  legal: [
    {
      expression: 'm >= 1 && n >= 1 && n <= 4194304',
      expected: 'm of at least 1 and 1 to 4194304 logits (sums of weights stay below 2^63)',
    },
  ],
  failures: [
    'no logit at row {0} is above -infinity',
    'logit {0} at row {1} is NaN',
    'logit {0} at row {1} is +infinity',
    'temperature is not a finite number of at least 0',
    'topP is not above 0 and at most 1',
    'minP is not from 0 to 1',
  ],
  launch: {
    cpu: { grid: ['m', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['m', '1', '1'], threadgroup: [1024, 1, 1] },
  },
  operations: '4 * m * n',
} as const
