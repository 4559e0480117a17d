/** Products with dense weights: cases of gemv_dense and gemm_dense. */
import type { gemmDense, gemvDense } from '../../src/manifest/index.js'
import { type Target, call } from './call.js'
import { type activationKinds, activations, denseWeights } from './matmul.js'
import { normal } from './random.js'

export type DenseType = 'f32' | 'f16' | 'bf16'
type Epilogue = 'none' | 'add' | 'swiglu'

export interface DenseCase {
  readonly problem: { readonly m: number; readonly n: number; readonly k: number }
  readonly constants: { readonly type: DenseType; readonly epilogue: Epilogue }
  readonly args: {
    readonly activations: Float32Array
    readonly weights: Float32Array | Uint16Array
    readonly residual: Float32Array | null
  }
}

export function makeDenseCase(
  type: DenseType,
  m: number,
  n: number,
  k: number,
  epilogue: Epilogue = 'none',
  kind: (typeof activationKinds)[number] = 'rms 1',
): DenseCase {
  const weights = denseWeights(type, n * k * (epilogue === 'swiglu' ? 2 : 1), n + k)
  return {
    problem: { m, n, k },
    constants: { type, epilogue },
    args: { activations: activations(kind, m, k), weights, residual: epilogue === 'add' ? normal(m * n, 5) : null },
  }
}

export async function runDense(
  definition: typeof gemvDense | typeof gemmDense,
  spec: DenseCase,
  target?: Target,
): Promise<Float32Array> {
  const out = new Float32Array(spec.problem.m * spec.problem.n).fill(NaN)
  await call<typeof gemvDense | typeof gemmDense>(definition, { ...spec, args: { ...spec.args, out } }, target)
  return out
}

export function rowOf(spec: DenseCase, row: number): DenseCase {
  const { n, k } = spec.problem
  const residual = spec.args.residual?.slice(row * n, (row + 1) * n) ?? null
  const activations = spec.args.activations.slice(row * k, (row + 1) * k)
  return { ...spec, problem: { m: 1, n, k }, args: { ...spec.args, activations, residual } }
}
