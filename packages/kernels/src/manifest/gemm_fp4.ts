import { gemvFp4 } from './gemv_fp4.js'

/** y = x W for many rows, W in FP4. */
export const gemmFp4 = {
  name: 'gemm_fp4',
  summary:
    'out[m, n] = sum over k of activations[m, k] * W[k, n], for any m, W in FP4. `tile` chooses between decoding the weights for every 8 rows (`rows8`) and decoding a panel of them once for all rows (`panel`). Epilogues as gemv_fp4.',
  problem: { m: 'u32', n: 'u32', k: 'u32', groupSize: 'u32' },
  constants: {
    format: ['fp4', 'mxfp4', 'nvfp4'],
    epilogue: ['none', 'add', 'swiglu'],
    tile: ['rows8', 'panel'],
    precision: ['float32', 'int8'],
  },
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion -- isolatedDeclarations asks for the type
  args: gemvFp4.args as typeof gemvFp4.args,
  params: 'struct',
  order: 'columns64/1',
  orders: { precision: { int8: 'columns64/int8/1' } },
  legal: [
    { expression: 'm >= 1 && n >= 1 && k >= 1', expected: 'm, n and k of at least 1' },
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
      grid: ["ceilDiv(n, 64 - 32 * (epilogue == 'swiglu'))", "ceilDiv(m, 32 + 32 * (tile == 'panel'))", '1'],
      threadgroup: [128, 1, 1],
      order: 'columns64/tiles/1',
      legal: [{ expression: "precision == 'float32'", expected: 'precision float32 (int8 is for CPUs)' }],
    },
  },
  operations: "2 * m * n * k * (1 + (epilogue == 'swiglu'))",
} as const
