/** The three formats: what a scale is, how many bytes it takes, how many values share it. */

/** `fp4`: half scales, any group. `mxfp4`: OCP MX, E8M0 for each 32. `nvfp4`: E4M3 for each 16 and a float32 global scale. */
export type Fp4Format = 'fp4' | 'mxfp4' | 'nvfp4'

/** How a scale is chosen: from the group's largest magnitude, or by least squared error over a few candidates. */
export type ScaleRule = 'absmax' | 'mse'

/** Facts of one format. */
export interface FormatInfo {
  /** Number format of a scale; `half` tensors keep Uint16Array scales, the others Uint8Array. */
  readonly scaleType: 'half' | 'e8m0' | 'e4m3'
  /** Bytes of one scale. */
  readonly scaleBytes: number
  /** Values along K that share a scale, unless another size is asked for. */
  readonly defaultGroupSize: number
  /** True when the format defines the group size, so that no other is allowed. */
  readonly fixedGroupSize: boolean
  /** True when a float32 for each expert and part multiplies the scales. */
  readonly globalScale: boolean
}

/** Facts of every format, by name. */
export const formatInfo: Readonly<Record<Fp4Format, FormatInfo>> = {
  fp4: { scaleType: 'half', scaleBytes: 2, defaultGroupSize: 128, fixedGroupSize: false, globalScale: false },
  mxfp4: { scaleType: 'e8m0', scaleBytes: 1, defaultGroupSize: 32, fixedGroupSize: true, globalScale: false },
  nvfp4: { scaleType: 'e4m3', scaleBytes: 1, defaultGroupSize: 16, fixedGroupSize: true, globalScale: true },
}

/** True for the name of a format. */
export function isFp4Format(name: unknown): name is Fp4Format {
  return typeof name === 'string' && Object.hasOwn(formatInfo, name)
}

/** Bits a weight takes, its share of the scale included: fp4 at group 128 is 4.125, mxfp4 4.25, nvfp4 4.5. */
export function bitsPerWeight(format: Fp4Format, groupSize: number = formatInfo[format].defaultGroupSize): number {
  return 4 + (8 * formatInfo[format].scaleBytes) / groupSize
}
