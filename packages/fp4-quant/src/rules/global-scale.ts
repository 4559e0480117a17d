/** The float32 global scale of `nvfp4`. */
import { e2m1Max } from '../codecs/e2m1.js'
import { e4m3Max } from '../codecs/e4m3.js'

const largest = e2m1Max * e4m3Max
const smallestNormal = 2 ** -126

/**
 * float32(absmax / (6 * 448)): the group with the largest value gets the largest E4M3 scale. Zero gives 1. It is at least the
 * smallest normal float32, because a GPU may read a subnormal as 0. (Times 2688 it stays finite for every float32: next to the largest,
 * the division rounds down.)
 */
export function globalScaleOf(absmax: number): number {
  return absmax === 0 ? 1 : Math.max(Math.fround(absmax / largest), smallestNormal)
}
