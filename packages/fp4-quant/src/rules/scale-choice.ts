/** How a format turns the largest magnitude of a group into a scale code, or into several to choose from. */
import { e4m3Scales } from './e4m3-scales.js'
import { e8m0Scales } from './e8m0-scales.js'
import { halfScales } from './half-scales.js'
import type { FormatInfo } from '../formats.js'

/** The most candidates that a rule lists. */
export const maxCandidates = 64

export interface ScaleChoice {
  /** The value of every scale code. */
  values(): Float64Array | Float32Array
  /** The code of rule `absmax`, for absmax > 0; `globalScale` is 1 for formats without one. */
  absmaxCode(absmax: number, globalScale: number): number
  /** Writes the codes that rule `mse` compares, ascending, absmaxCode's among them; returns how many. */
  candidateCodes(absmax: number, globalScale: number, codes: Uint16Array): number
}

/** The choice of each kind of scale. */
export const scaleChoices: Readonly<Record<FormatInfo['scaleType'], ScaleChoice>> = {
  half: halfScales,
  e8m0: e8m0Scales,
  e4m3: e4m3Scales,
}
