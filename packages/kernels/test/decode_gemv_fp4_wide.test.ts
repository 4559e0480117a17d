import { describe } from 'vitest'
import { decodeGemvFp4Wide } from '../src/manifest/index.js'
import { testBaseline } from './support/baseline.js'

describe('decode_gemv_fp4_wide', () => {
  testBaseline(decodeGemvFp4Wide)
})
