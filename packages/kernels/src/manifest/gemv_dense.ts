/** y = x W^T for 1 to 8 rows, W a row-major [N, K] matrix of float32, half or bfloat16 (as checkpoints store it). */
export const gemvDense = {
  name: 'gemv_dense',
  summary: 'out[m, n] = sum over k of activations[m, k] * W[n, k], for m of 1..8. Epilogues as gemv_fp4.',
  problem: { m: 'u32', n: 'u32', k: 'u32' },
  constants: {
    type: ['f32', 'f16', 'bf16'],
    epilogue: ['none', 'add', 'swiglu'],
    rows: ['eight', 'one', 'two', 'four'],
  },
  args: [
    { name: 'activations', type: 'f32', access: 'read', count: 'm * k', doc: '[M, K]' },
    {
      name: 'weights',
      type: 'weight',
      access: 'read',
      count: "(1 + (epilogue == 'swiglu')) * n * k",
      packing: 'rows',
      alignment: '16',
      doc: '[parts, N, K]; parts is 2 for swiglu (gate, then up), else 1',
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
  order: 'rows/1',
  legal: [
    { expression: 'm >= 1 && m <= 8', expected: 'm from 1 to 8 (larger M: gemm_dense)' },
    {
      expression: "m <= 8 - 7 * (rows == 'one') - 6 * (rows == 'two') - 4 * (rows == 'four')",
      expected: 'at most as many rows as the constant rows says',
    },
    { expression: 'n >= 1 && k >= 1', expected: 'n and k of at least 1' },
  ],
  launch: {
    cpu: { grid: ['ceilDiv(n, 16)', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['ceilDiv(n, 16)', '1', '1'], threadgroup: [128, 1, 1], order: 'rows/lanes/1' },
  },
  operations: "2 * m * n * k * (1 + (epilogue == 'swiglu'))",
} as const
