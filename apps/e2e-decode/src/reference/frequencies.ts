/** Rotary frequencies in float64, written anew from the papers: a mistake in what the devices use shows in a comparison. */
import type { ModelSpec } from '../architectures/index.js'

/**
 * Radians that each pair of a head turns by from one position to the next, [headDim / 2].
 *
 * Plain (Su et al. 2021, section 3.2.2): theta^(-2i / headDim). `linear` (Chen et al. 2023): positions, and so the angles,
 * are divided by a factor. `llama3`: pairs of a wavelength beyond original / low are slowed down by the factor, those
 * within original / high are left alone, and between the two the wavelength's place decides.
 */
export function frequenciesOf(headDim: number, { theta, scaling }: ModelSpec['rope']): Float64Array {
  const frequencies = new Float64Array(headDim / 2)
  for (let pair = 0; pair < frequencies.length; pair++) {
    const plain = Math.exp((-2 * pair * Math.log(theta)) / headDim)
    frequencies[pair] = plain / slowdown((2 * Math.PI) / plain, scaling)
  }
  return frequencies
}

/** What a pair of this wavelength, in positions, is slowed down by. */
function slowdown(wavelength: number, scaling: ModelSpec['rope']['scaling']): number {
  const type = scaling?.rope_type ?? scaling?.type ?? 'default'
  if (scaling === null || type === 'default') return 1
  const factor = scaling.factor!
  if (type === 'linear') return factor
  const original = scaling.original_max_position_embeddings!
  const longest = original / scaling.low_freq_factor!
  const shortest = original / scaling.high_freq_factor!
  if (wavelength >= longest) return factor
  if (wavelength <= shortest) return 1
  // Linear in frequency: 0 where the longest wavelength begins, 1 where the shortest ends.
  const kept = (1 / wavelength - 1 / longest) / (1 / shortest - 1 / longest)
  return 1 / (kept + (1 - kept) / factor)
}
