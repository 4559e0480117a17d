/**
 * The loops of `quantize` in WebAssembly SIMD, written in AssemblyScript; `scripts/compile-wasm.mjs` compiles them. They do one row
 * at a time in memory that the caller lays out, and give the bits of the TypeScript code (`src/typescript-worker.ts`), or say that
 * they cannot tell.
 */
export { toFloat32 } from './to-float32'
export { absmaxBits } from './absmax'
export { chooseScales } from './choose-scales'
export { encodeRow } from './encode-row'
