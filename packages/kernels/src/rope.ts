/** Rotary position embeddings: the frequencies of a model, and the table of rotations that `rope_kv_append` reads. */

/** A `rope_scaling` or `rope_parameters` dictionary of a Hugging Face `config.json`, as it is there. */
export interface RopeScaling {
  /** `default`, `linear` or `llama3`; older files name it `type`. */
  readonly rope_type?: string
  readonly type?: string
  readonly factor?: number
  readonly low_freq_factor?: number
  readonly high_freq_factor?: number
  /** Positions. */
  readonly original_max_position_embeddings?: number
  /** Of newer `rope_parameters`: the fraction of a head that is rotated. Only 1 is supported. */
  readonly partial_rotary_factor?: number
}

export interface RopeOptions {
  /** Width of a head; all of it is rotated. */
  readonly headDim: number
  /** `rope_theta`, the base of the frequencies. */
  readonly theta: number
  readonly scaling?: RopeScaling | null
}

/** A geometry or scaling that cannot be rotated by. The message reads `[op] expected X, got Y. Fix.` */
export class RopeError extends Error {
  override readonly name: string = 'RopeError'
}

/**
 * Angles per position, in radians, of the headDim/2 pairs: theta^(-2i / headDim), then scaled.
 *
 * - `linear`: divided by `factor` (positions are interpolated).
 * - `llama3`: wavelengths above original / low_freq_factor are divided by `factor`, those below original / high_freq_factor stay, and
 *   those between are interpolated by (original / wavelength - low) / (high - low).
 *
 * The formulas are those of Hugging Face transformers, `modeling_rope_utils.py` (`_compute_default_rope_parameters`,
 * `_compute_linear_scaling_rope_parameters`, `_compute_llama3_parameters`), in float64 instead of float32.
 *
 * @throws RopeError for an odd headDim, a theta that is not positive, an unknown type, or a missing or senseless field.
 */
export function ropeFrequencies(options: RopeOptions): Float64Array {
  const { headDim, theta, scaling } = options
  if (!Number.isSafeInteger(headDim) || headDim < 2 || headDim % 2 !== 0) {
    fail(
      'ropeFrequencies',
      'an even headDim of at least 2',
      headDim,
      'Pass head_dim, or hidden_size / num_attention_heads.',
    )
  }
  if (!Number.isFinite(theta) || theta <= 0) {
    fail('ropeFrequencies', 'a positive theta', theta, 'Pass rope_theta of config.json (10000 when it has none).')
  }
  const fraction = scaling?.partial_rotary_factor ?? 1
  if (fraction !== 1)
    fail('ropeFrequencies', 'partial_rotary_factor 1', fraction, 'Use a model whose heads are rotated whole.')
  const frequencies = Float64Array.from({ length: headDim / 2 }, (_, i) => theta ** ((-2 * i) / headDim))
  const type = scaling?.rope_type ?? scaling?.type ?? 'default'
  if (type === 'default') return frequencies
  if (type === 'linear') {
    const factor = positive(scaling, 'factor')
    return frequencies.map((frequency) => frequency / factor)
  }
  if (type === 'llama3') return scaleLlama3(frequencies, scaling ?? {})
  return fail(
    'ropeFrequencies',
    "rope_type 'default', 'linear' or 'llama3'",
    JSON.stringify(type),
    'Use a model with one of these.',
  )
}

/**
 * The table of `rope_kv_append`: `[maxPositions, headDim/2, 2]`, cosine then sine of position * frequency, both times
 * `attentionFactor` (1 but for types that scale attention). Computed in float64 and rounded once.
 *
 * @throws RopeError when maxPositions is not a positive integer.
 */
export function ropeRotations(frequencies: Float64Array, maxPositions: number, attentionFactor = 1): Float32Array {
  if (!Number.isSafeInteger(maxPositions) || maxPositions < 1) {
    fail(
      'ropeRotations',
      'maxPositions to be a positive integer',
      maxPositions,
      'Pass the length of the longest sequence.',
    )
  }
  const table = new Float32Array(maxPositions * frequencies.length * 2)
  let at = 0
  for (let position = 0; position < maxPositions; position++) {
    for (const frequency of frequencies) {
      table[at++] = attentionFactor * Math.cos(position * frequency)
      table[at++] = attentionFactor * Math.sin(position * frequency)
    }
  }
  return table
}

function scaleLlama3(frequencies: Float64Array, scaling: RopeScaling): Float64Array {
  const factor = positive(scaling, 'factor')
  const low = positive(scaling, 'low_freq_factor')
  const high = positive(scaling, 'high_freq_factor')
  const original = positive(scaling, 'original_max_position_embeddings')
  if (high <= low) {
    fail(
      'ropeFrequencies',
      `high_freq_factor above low_freq_factor (${low})`,
      high,
      'Check rope_scaling in config.json.',
    )
  }
  return frequencies.map((frequency) => {
    const turns = (original * frequency) / (2 * Math.PI)
    if (turns > high) return frequency
    if (turns < low) return frequency / factor
    const smooth = (turns - low) / (high - low)
    return ((1 - smooth) * frequency) / factor + smooth * frequency
  })
}

type NumericField = 'factor' | 'low_freq_factor' | 'high_freq_factor' | 'original_max_position_embeddings'

function positive(scaling: RopeScaling | null | undefined, field: NumericField): number {
  const value: unknown = scaling?.[field]
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  return fail(
    'ropeFrequencies',
    `${field} to be a positive number`,
    String(value),
    'Check rope_scaling in config.json.',
  )
}

function fail(op: string, expected: string, got: string | number, fix: string): never {
  throw new RopeError(`[${op}] expected ${expected}, got ${got}. ${fix}`)
}
