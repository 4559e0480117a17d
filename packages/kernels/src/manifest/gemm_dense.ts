import { gemvDense } from './gemv_dense.js'

/** y = x W^T for many rows, W dense. */
export const gemmDense = {
  name: 'gemm_dense',
  summary: 'out[m, n] = sum over k of activations[m, k] * W[n, k], for any m. Epilogues as gemv_fp4.',
  problem: { m: 'u32', n: 'u32', k: 'u32' },
  constants: { type: ['f32', 'f16', 'bf16'], epilogue: ['none', 'add', 'swiglu'] },
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion -- isolatedDeclarations asks for the type
  args: gemvDense.args as typeof gemvDense.args,
  params: 'struct',
  order: 'rows/1',
  legal: [{ expression: 'm >= 1 && n >= 1 && k >= 1', expected: 'm, n and k of at least 1' }],
  launch: {
    cpu: { grid: ['ceilDiv(n, 16)', '1', '1'], threadgroup: [1, 1, 1] },
    metal: {
      grid: ["ceilDiv(n, 64 - 32 * (epilogue == 'swiglu'))", 'ceilDiv(m, 32)', '1'],
      threadgroup: [128, 1, 1],
      order: 'rows/tiles/1',
    },
  },
  operations: "2 * m * n * k * (1 + (epilogue == 'swiglu'))",
} as const
