/** An instance of the module and its memory, which grows and is never given back: small ones are shared, a large one is dropped whole. */
import { searchFactors } from '../rules/encode-scale.js'
import { type WasmExports, type WasmModule, instantiate, wasmModule } from './load.js'

const page = 65536

/** A memory of at most 1 MiB is kept for the next tensor (rows of up to 58,000 values); a larger one lives as long as its tensor. */
const keptBytes = 1 << 20
/** Rows that would need more than 64 MiB are left to the TypeScript code. */
const mostBytes = 1 << 26

/** The factors of rule `mse` lie at address 0, descending, the last one thrice more because they are read by fours. */
const factorCount = 64
/** They and room for the errors of as many candidates. */
export const reservedBytes: number = 2 * 8 * factorCount

let kept: Arena | undefined

/** Views of an arena's memory; growing it makes new ones. */
interface Views {
  readonly u16: Uint16Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
}

export class Arena {
  readonly exports: WasmExports
  /** To be taken again by whoever let another have the arena in between. */
  views: Views

  constructor(module: WasmModule) {
    this.exports = instantiate(module)
    this.views = this.reserve(page)
    const { f64 } = this.views
    for (let i = 0; i < factorCount; i++) f64[i] = searchFactors[Math.max(0, searchFactors.length - 1 - i)]
  }

  /** Makes at least `bytes` of memory. @throws RangeError when there is no more. */
  reserve(bytes: number): Views {
    const { memory } = this.exports
    const missing = bytes - memory.buffer.byteLength
    if (missing > 0) {
      memory.grow(Math.ceil(missing / page))
      const { buffer } = memory
      this.views = {
        u16: new Uint16Array(buffer),
        i32: new Int32Array(buffer),
        u32: new Uint32Array(buffer),
        f32: new Float32Array(buffer),
        f64: new Float64Array(buffer),
      }
    }
    return this.views
  }
}

/** An arena with at least `bytes` of memory; undefined without WebAssembly, or where that much is not to be had. */
export function openArena(bytes: number): Arena | undefined {
  const module = wasmModule()
  if (!module || bytes > mostBytes) return undefined
  try {
    const arena = bytes > keptBytes ? new Arena(module) : (kept ??= new Arena(module))
    arena.reserve(bytes)
    return arena
  } catch {
    return undefined // out of memory or of address space
  }
}
