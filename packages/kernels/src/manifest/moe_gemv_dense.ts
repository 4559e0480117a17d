/** moe_gemv_fp4 for experts that are not quantized. */
export const moeGemvDense = {
  name: 'moe_gemv_dense',
  summary:
    'out[m, s, n] = sum over k of x[k] * W[ids[m, s]][n, k], W dense; x is activations[m] (`input` shared) or activations[m, s] (`perSlot`). Epilogue `swiglu` as gemv_fp4.',
  problem: { m: 'u32', n: 'u32', k: 'u32', experts: 'u32', topK: 'u32' },
  constants: {
    type: ['f32', 'f16', 'bf16'],
    epilogue: ['none', 'swiglu'],
    input: ['shared', 'perSlot'],
    rows: ['eight', 'one', 'two', 'four'],
  },
  args: [
    {
      name: 'activations',
      type: 'f32',
      access: 'read',
      count: "m * k * (1 + (input == 'perSlot') * (topK - 1))",
      doc: '[M, K], or [M, topK, K] for perSlot',
    },
    { name: 'ids', type: 'u32', access: 'read', count: 'm * topK', doc: '[M, topK]: expert of each slot' },
    {
      name: 'weights',
      type: 'weight',
      access: 'read',
      count: "experts * (1 + (epilogue == 'swiglu')) * n * k",
      packing: 'rows',
      alignment: '16',
      doc: '[experts, parts, N, K]',
    },
    { name: 'out', type: 'f32', access: 'write', count: 'm * topK * n', doc: '[M, topK, N]' },
  ],
  params: 'struct',
  order: 'rows/1',
  legal: [
    { expression: 'm >= 1 && n >= 1 && k >= 1', expected: 'm, n and k of at least 1' },
    { expression: 'topK >= 1 && topK <= experts', expected: 'topK from 1 to the number of experts' },
  ],
  failures: ['expected ids below the number of experts, got {0} at {1} = row * topK + slot.'],
  launch: {
    cpu: { grid: ['ceilDiv(n, 16)', 'min(experts, m * topK)', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['ceilDiv(n, 16)', 'min(experts, m * topK)', '1'], threadgroup: [128, 1, 1], order: 'rows/lanes/1' },
  },
  operations: "2 * m * topK * n * k * (1 + (epilogue == 'swiglu'))",
} as const
