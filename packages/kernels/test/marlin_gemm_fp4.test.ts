import { describe } from 'vitest'
import { marlinGemmFp4 } from '../src/manifest/index.js'
import { testBaseline } from './support/baseline.js'

describe('marlin_gemm_fp4', () => {
  testBaseline(marlinGemmFp4)
})
