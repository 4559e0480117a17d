/** The expert matrices of a mixture-of-experts layer: row r of slot s is multiplied by the expert that ids[r, s] names. */
export const moeGemvFp4 = {
  name: 'moe_gemv_fp4',
  summary:
    'out[m, s, n] = sum over k of x[k] * W[ids[m, s]][k, n], W in FP4; x is activations[m] (`input` shared) or activations[m, s] (`perSlot`). Each chosen expert is read once for up to 8 of its rows. Epilogue `swiglu` as gemv_fp4.',
  problem: { m: 'u32', n: 'u32', k: 'u32', groupSize: 'u32', experts: 'u32', topK: 'u32' },
  constants: {
    format: ['fp4', 'mxfp4', 'nvfp4'],
    epilogue: ['none', 'swiglu'],
    input: ['shared', 'perSlot'],
    rows: ['eight', 'one', 'two', 'four'],
    precision: ['float32', 'int8'],
  },
  args: [
    {
      name: 'activations',
      type: 'activation',
      access: 'read',
      count:
        "m * (k * (precision == 'float32') + 6 * ceilDiv(k, 16) * (precision == 'int8')) * (1 + (input == 'perSlot') * (topK - 1))",
      doc: '[M, K], or [M, topK, K] for perSlot; for int8 such rows in words of quantize_rows_int8',
    },
    { name: 'ids', type: 'u32', access: 'read', count: 'm * topK', doc: '[M, topK]: expert of each slot' },
    {
      name: 'codes',
      type: 'codes',
      access: 'read',
      count: "experts * (1 + (epilogue == 'swiglu')) * align(n, 64) * ceilDiv(k, 8)",
      packing: 'columns64',
      alignment: '16',
      doc: '[experts, parts, ceil(N/64), ceil(K/8), 64]',
    },
    {
      name: 'scales',
      type: 'scale',
      access: 'read',
      count: "experts * (1 + (epilogue == 'swiglu')) * align(n, 64) * ceilDiv(k, groupSize)",
      packing: 'columns64',
      alignment: '16',
      doc: '[experts, parts, ceil(N/64), ceil(K/groupSize), 64]',
    },
    {
      name: 'columnScales',
      type: 'f32',
      access: 'read',
      count: "experts * (1 + (epilogue == 'swiglu')) * align(n, 64)",
      alignment: '16',
      when: "format == 'nvfp4'",
      doc: '[experts, parts, ceil(N/64), 64]',
    },
    { name: 'out', type: 'f32', access: 'write', count: 'm * topK * n', doc: '[M, topK, N]' },
  ],
  params: 'struct',
  order: 'columns64/1',
  orders: { precision: { int8: 'columns64/int8/1' } },
  legal: [
    { expression: 'm >= 1 && n >= 1 && k >= 1', expected: 'm, n and k of at least 1' },
    { expression: 'topK >= 1 && topK <= experts', expected: 'topK from 1 to the number of experts' },
    {
      expression: 'groupSize >= k || groupSize >= 16 && groupSize % 8 == 0',
      expected: 'groupSize of 16 or more in steps of 8, or of at least k',
    },
    {
      expression: "precision == 'float32' || groupSize >= k || groupSize % 16 == 0",
      expected: 'groupSize in steps of 16, or of at least k, for precision int8',
    },
  ],
  failures: ['expected ids below the number of experts, got {0} at {1} = row * topK + slot.'],
  launch: {
    cpu: { grid: ['ceilDiv(n, 64)', 'min(experts, m * topK)', '1'], threadgroup: [1, 1, 1] },
    metal: {
      grid: ['ceilDiv(n, 64)', 'min(experts, m * topK)', '1'],
      threadgroup: [256, 1, 1],
      order: 'columns64/blocks/1',
      legal: [{ expression: "precision == 'float32'", expected: 'precision float32 (int8 is for CPUs)' }],
    },
  },
  operations: "2 * m * topK * n * k * (1 + (epilogue == 'swiglu'))",
} as const
