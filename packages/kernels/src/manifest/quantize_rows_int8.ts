/** Activations as bytes, for the products in precision int8. */
export const quantizeRowsInt8 = {
  name: 'quantize_rows_int8',
  summary:
    'Rows of activations in blocks of 16 along K: step = absmax / 127 in float32, byte = activations / step to the nearest even, within -127..127; all 0 where absmax is 0. A block with a value that is not finite gets the step NaN, so that its row of the product is NaN. A block is 6 words: -12 * the sum of its bytes (int32), step / 2 (float32), then 16 bytes: of each 8 values 0, 2, 4, 6, 1, 3, 5, 7, and 0 beyond K.',
  problem: { m: 'u32', k: 'u32' },
  constants: {},
  args: [
    { name: 'activations', type: 'f32', access: 'read', count: 'm * k', doc: '[M, K]' },
    { name: 'out', type: 'u32', access: 'write', count: 'm * 6 * ceilDiv(k, 16)', doc: '[M, ceil(K/16), 6]' },
  ],
  params: 'struct',
  order: 'quantize_rows_int8/1',
  legal: [{ expression: 'm >= 1 && k >= 1', expected: 'm and k of at least 1' }],
  launch: { cpu: { grid: ['ceilDiv(k, 4096)', 'm', '1'], threadgroup: [1, 1, 1] } },
  operations: '4 * m * k',
} as const
