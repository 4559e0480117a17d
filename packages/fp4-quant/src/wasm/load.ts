/**
 * The WebAssembly module, compiled when first needed. An engine without WebAssembly or its SIMD and a content policy without
 * `wasm-unsafe-eval` mean the same: no module, and the TypeScript code does the work.
 */
import { wasmBase64 } from './binary.js'

/** The part of WebAssembly used here; the type libraries that declare it differ between runtimes. */
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => WasmModule
  Instance: new (module: WasmModule) => { readonly exports: unknown }
}
declare const WebAssembly: WebAssemblyApi

export type WasmModule = object

/** What assembly/index.ts exports; addresses and strides are bytes. */
export interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  toFloat32(source: number, target: number, count: number, half: number): void
  absmaxBits(at: number, count: number): number
  chooseScales(
    row: number,
    k: number,
    groupSize: number,
    format: number,
    mse: number,
    globalScale: number,
    codes: number,
    codeStride: number,
    scales: number,
    factors: number,
  ): number
  encodeRow(
    row: number,
    k: number,
    groupSize: number,
    scales: number,
    codes: number,
    words: number,
    wordStride: number,
  ): void
}

let compiled: WasmModule | null | undefined

/** The module, or null where it cannot be had. The first call compiles it: 4 KB, which every main thread allows, in a millisecond. */
export function wasmModule(): WasmModule | null {
  if (compiled !== undefined) return compiled
  try {
    const bytes = Uint8Array.from(atob(wasmBase64), (character) => character.charCodeAt(0))
    compiled = new WebAssembly.Module(bytes)
  } catch {
    compiled = null
  }
  return compiled
}

/** A new instance with a memory of its own. */
export function instantiate(module: WasmModule): WasmExports {
  return new WebAssembly.Instance(module).exports as WasmExports
}
