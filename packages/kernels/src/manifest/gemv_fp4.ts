/** y = x W for 1 to 8 rows, W in FP4: every weight is read once for all rows. */
export const gemvFp4 = {
  name: 'gemv_fp4',
  summary:
    'out[m, n] = sum over k of activations[m, k] * W[k, n], for m of 1..8, W in FP4. Epilogue `add` adds residual[m, n]; `swiglu` computes gate and up columns and gives silu(gate) * up.',
  problem: { m: 'u32', n: 'u32', k: 'u32', groupSize: 'u32' },
  constants: {
    format: ['fp4', 'mxfp4', 'nvfp4'],
    epilogue: ['none', 'add', 'swiglu'],
    rows: ['eight', 'one', 'two', 'four'],
    precision: ['float32', 'int8'],
  },
  args: [
    {
      name: 'activations',
      type: 'activation',
      access: 'read',
      count: "m * (k * (precision == 'float32') + 6 * ceilDiv(k, 16) * (precision == 'int8'))",
      doc: '[M, K]; for int8 [M, ceil(K/16), 6] words of quantize_rows_int8',
    },
    {
      name: 'codes',
      type: 'codes',
      access: 'read',
      count: "(1 + (epilogue == 'swiglu')) * align(n, 64) * ceilDiv(k, 8)",
      packing: 'columns64',
      alignment: '16',
      doc: '[parts, ceil(N/64), ceil(K/8), 64] words of 8 codes along K; parts is 2 for swiglu (gate, then up), else 1',
    },
    {
      name: 'scales',
      type: 'scale',
      access: 'read',
      count: "(1 + (epilogue == 'swiglu')) * align(n, 64) * ceilDiv(k, groupSize)",
      packing: 'columns64',
      alignment: '16',
      doc: '[parts, ceil(N/64), ceil(K/groupSize), 64]',
    },
    {
      name: 'columnScales',
      type: 'f32',
      access: 'read',
      count: "(1 + (epilogue == 'swiglu')) * align(n, 64)",
      alignment: '16',
      when: "format == 'nvfp4'",
      doc: "[parts, ceil(N/64), 64]: nvfp4's global scale of the part that each column belongs to",
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
  order: 'columns64/1',
  orders: { precision: { int8: 'columns64/int8/1' } },
  legal: [
    { expression: 'm >= 1 && m <= 8', expected: 'm from 1 to 8 (larger M: gemm_fp4)' },
    {
      expression: "m <= 8 - 7 * (rows == 'one') - 6 * (rows == 'two') - 4 * (rows == 'four')",
      expected: 'at most as many rows as the constant rows says',
    },
    { expression: 'n >= 1 && k >= 1', expected: 'n and k of at least 1' },
    {
      expression: 'groupSize >= k || groupSize >= 16 && groupSize % 8 == 0',
      expected: 'groupSize of 16 or more in steps of 8, or of at least k',
    },
    {
      expression: "precision == 'float32' || groupSize >= k || groupSize % 16 == 0",
      expected: 'groupSize in steps of 16, or of at least k, for precision int8',
    },
  ],
  launch: {
    cpu: { grid: ['ceilDiv(n, 64)', '1', '1'], threadgroup: [1, 1, 1] },
    metal: {
      grid: ['ceilDiv(n, 64)', '1', '1'],
      threadgroup: [256, 1, 1],
      order: 'columns64/blocks/1',
      legal: [{ expression: "precision == 'float32'", expected: 'precision float32 (int8 is for CPUs)' }],
    },
  },
  operations: "2 * m * n * k * (1 + (epilogue == 'swiglu'))",
} as const
